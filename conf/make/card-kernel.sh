#!/bin/sh
# Puts Debian's whole kernel, which unlike that of the other guests has drivers of cards with SR-IOV, into the folder $1
# of the checkout: card-kernel.sh FOLDER. Nothing is installed, and it need not be root.
set -eu
folder=$1
if [ -d "$folder" ]; then exit 0; fi
mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$PWD/$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

echo "Downloading Debian's kernel with drivers of network cards"
package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p')
if [ -z "$package" ] || ! (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$package") 2>"$work/log"; then
    cat "$work/log" >&2 2>/dev/null || true
    echo "linux-image-amd64 cannot be downloaded: this takes a Debian on amd64 whose lists are new (apt-get update)." >&2
    exit 1
fi
dpkg-deb -x "$work"/*.deb "$work/all"
mkdir -p "$work/kept/modules/drivers"
mv "$work"/all/boot/vmlinuz-* "$work/kept/vmlinuz"
for modules in "$work"/all/lib/modules/*/kernel "$work"/all/usr/lib/modules/*/kernel; do
    [ ! -d "$modules" ] || break
done
for part in net drivers/net drivers/virtio drivers/vhost drivers/dca drivers/i2c; do
    mv "$modules/$part" "$work/kept/modules/$part"
done
find "$work/kept" -name '*.ko.xz' -exec xz -d {} +
chmod -R u=rwX,go=rX "$work/kept"
mv -T "$work/kept" "$folder"
