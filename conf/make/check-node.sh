#!/bin/sh
# Is Node here, and not older than $1? Asked before npm is, which would speak of packages.
found=$(node --version 2>/dev/null) || found='v0.0 (none)'
printf 'v%s\n%s\n' "$1" "$found" | sort -VC && exit 0
echo "Building fdbroker needs Node $1 or later, and here is $found: install one from nodejs.org, and run make again." >&2
exit 1
