#!/bin/sh
# Formats the C sources given, or says which are not formatted: format-c.sh write|check FILE...
# Where clang-format is missing, root gets it from Debian; another user is told so, and C stays as it is.
set -eu
action=$1
shift
if ! command -v clang-format >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing clang-format"
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends clang-format >/dev/null || true
fi
if ! command -v clang-format >/dev/null; then
    echo "clang-format is missing (sudo apt-get install clang-format): the format of C was not looked at"
elif [ "$action" = write ]; then
    clang-format -i "$@"
else
    clang-format --dry-run -Werror "$@"
fi
