#!/bin/sh
# Puts QEMU 10.0 of Debian 13 into the folder $1 of the checkout, for tests beside this system's own QEMU:
# qemu10.sh FOLDER. FOLDER/bin has to come first in PATH. Nothing is installed, and it need not be root.
set -eu
folder=$1
if [ -d "$folder" ]; then exit 0; fi
if [ "$(uname -m)" != x86_64 ] || ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "QEMU 10.0 comes as Debian's package for amd64: this takes a Debian on an amd64 machine." >&2
    exit 1
fi

mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$PWD/$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# apt-get with lists, a cache and no installed package of its own: it takes what Debian 13 alone would need.
apt() {
    apt-get -qq -o Dir::State="$work/state" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
        -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null -o APT::Default-Release=trixie \
        -o APT::Sandbox::User=root -o APT::Install-Recommends=false -o Acquire::Languages=none -o Debug::NoLocking=1 "$@"
}

echo "Downloading QEMU 10.0 of Debian 13"
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/all" "$work/kept/bin" "$work/kept/loader"
: >"$work/status"
key=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$key] http://deb.debian.org/debian trixie main" >"$work/sources.list"
if ! { apt update && apt --download-only -y install qemu-system-x86; } >"$work/log" 2>&1; then
    cat "$work/log" >&2
    echo "QEMU 10.0 cannot be downloaded: see above, mend it, and run make again." >&2
    exit 1
fi
for package in "$work"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$work/all"
done

usr=$work/all/usr
mv "$usr/bin/qemu-system-x86_64" "$work/kept/program"
mv "$usr/lib/x86_64-linux-gnu" "$work/kept/lib"
mv "$usr/share/qemu" "$usr/share/seabios" "$work/kept"
# A process is called what the started file is called, and the broker tells holders by that.
ln -s ../lib/ld-linux-x86-64.so.2 "$work/kept/loader/qemu-system-x86_64"
# Becomes QEMU, so that descriptors and the process number are what the caller gave.
cat >"$work/kept/bin/qemu-system-x86_64" <<'END'
#!/bin/sh
here=${0%/*}/..
# Else it looks at the modules of this system's QEMU.
export QEMU_MODULE_DIR="$here/lib/qemu"
exec "$here/loader/qemu-system-x86_64" --argv0 "$0" --library-path "$here/lib" "$here/program" \
    -L "$here/qemu" -L "$here/seabios" "$@"
END
chmod +x "$work/kept/bin/qemu-system-x86_64"
# Tests start it as other users, and nothing in it needs setuid.
chmod -R u=rwX,go=rX "$work/kept"
mv -T "$work/kept" "$folder"
