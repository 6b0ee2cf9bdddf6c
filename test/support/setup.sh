#!/bin/sh
# Installs what building and testing need: Debian packages, and a Debian kernel for the guests under build/guest.
# Does nothing when all is there. `make` runs it from the top of the checkout.
set -eu

kernel=build/guest/kernel

# Package after package that is missing, by what the project takes from it.
missing_packages() {
    PATH=$PATH:/usr/sbin:/sbin
    need() { command -v "$1" >/dev/null || echo "$2"; }
    need gcc gcc
    [ -e /usr/include/stdio.h ] || echo libc6-dev
    need musl-gcc musl-tools
    need ip iproute2
    need setpriv util-linux
    need vde_switch vde2
    need mandoc mandoc
    need xz xz-utils
    need socat socat
    need tcpdump tcpdump
    need qemu-system-x86_64 qemu-system-x86
    [ -x /usr/lib/qemu/qemu-bridge-helper ] || [ -x /usr/libexec/qemu-bridge-helper ] || echo qemu-system-common
    static_busybox || echo busybox-static
}

# A guest has no libraries. The name of a loader is in every program that needs one.
static_busybox() {
    busybox=$(command -v busybox) && ! grep -qa -e '/ld-linux' -e '/ld-musl' "$busybox"
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"
}

install_packages() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        if command -v apt-get >/dev/null; then
            echo "Debian packages are missing. Run this, and then make again:" >&2
            echo "  sudo apt-get update && sudo apt-get install --no-install-recommends $*" >&2
        else
            echo "This system has no apt-get. Install what these Debian packages hold, and run make again: $*" >&2
        fi
        exit 1
    fi
    echo "Installing Debian packages: $*"
    # Lists that are absent or old name packages that the mirror no longer has.
    {
        apt install --no-install-recommends "$@" || { apt update && apt install --no-install-recommends "$@"; }
    } >build/guest/log 2>&1 || {
        cat build/guest/log >&2
        echo "The packages cannot be installed: see above, mend it, and run make again." >&2
        exit 1
    }
}

# The package that linux-image-cloud-amd64 stands for today.
kernel_package() {
    apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p'
}

# Downloads the package into the folder $1, without installing it.
download_kernel() {
    package=$(kernel_package)
    [ -n "$package" ] && (cd "$1" && apt -o APT::Sandbox::User=root download "$package" 2>"$1/errors")
}

get_kernel() {
    echo "Downloading a Debian kernel for the guests"
    # Left over where an earlier run was killed; the lock says that nobody works there now.
    work=$PWD/build/guest/work
    rm -rf "$work"
    mkdir "$work"
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
    if ! download_kernel "$work"; then
        [ "$(id -u)" != 0 ] || apt update
        if ! download_kernel "$work"; then
            cat "$work/errors" >&2 2>/dev/null || true
            echo "The kernel for the guests (Debian's linux-image-cloud-amd64) cannot be downloaded." >&2
            echo "See that a Debian mirror is reachable, run: sudo apt-get update, and then make again." >&2
            exit 1
        fi
    fi
    dpkg-deb -x "$work"/*.deb "$work/all"
    keep_kernel "$work/all" "$work/kept"
    # A rename, so that whoever finds the folder finds all of it.
    mv -T "$work/kept" "$kernel"
}

# From the unpacked package $1 to the folder $2: the kernel, and of its modules those a network may need.
keep_kernel() {
    for modules in "$1"/lib/modules/*/kernel "$1"/usr/lib/modules/*/kernel; do
        [ ! -d "$modules" ] || break
    done
    mkdir -p "$2/modules/drivers"
    mv "$1"/boot/vmlinuz-* "$2/vmlinuz"
    for part in net lib crypto drivers/net drivers/virtio drivers/vhost; do
        [ ! -d "$modules/$part" ] || mv "$modules/$part" "$2/modules/$part"
    done
    find "$2" -name '*.ko.xz' -exec xz -d {} +
    # Guests read them as other users do.
    chmod -R u=rwX,go=rX "$2"
}

packages=$(missing_packages)
if [ -z "$packages" ] && [ -d "$kernel" ]; then exit 0; fi

mkdir -p build/guest
# One at a time: the second finds the work of the first done.
exec 9>build/guest/lock
flock 9
packages=$(missing_packages)
# shellcheck disable=SC2086 # a list
if [ -n "$packages" ]; then install_packages $packages; fi
if [ -d "$kernel" ]; then exit 0; fi
if [ "$(uname -m)" != x86_64 ]; then
    echo "Guests run Debian's kernel for amd64 and this machine is a $(uname -m): tests with guests will be skipped." >&2
elif ! command -v apt-cache >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "This system has no Debian packages, so no kernel for the guests: tests with guests will be skipped." >&2
else
    get_kernel
fi
