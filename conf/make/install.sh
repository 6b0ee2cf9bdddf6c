#!/bin/sh
# Puts a built fdbroker under a prefix, or takes it away: install.sh install|uninstall DESTDIR PREFIX BUILD
# Nothing installed holds an absolute path but the units, so the whole may be moved.
set -eu
umask 022
action=$1 prefix=$3 root=$2$3 build=$4
package=$root/lib/fdbroker
# Folders that were not there before the first install, below the prefix; uninstalling takes them away once empty.
made=$package/folders

# Every file outside lib/fdbroker, as "mode source destination"; both actions go by it.
files() {
    echo "755 $build/fdbroker bin/fdbroker"
    echo "755 $build/fdbrokerd sbin/fdbrokerd"
    echo "755 $build/fdbroker-switchd sbin/fdbroker-switchd"
    echo "755 $build/fdbroker-helper libexec/fdbroker-helper"
    for page in docs/man/*.[1-8]; do
        [ ! -e "$page" ] || echo "644 $page share/man/man${page##*.}/${page##*/}"
    done
    for unit in conf/systemd/*; do
        echo "644 $unit lib/systemd/system/${unit##*/}"
    done
    echo "644 conf/sysusers/fdbroker.conf lib/sysusers.d/fdbroker.conf"
    echo "644 conf/tmpfiles/fdbroker.conf lib/tmpfiles.d/fdbroker.conf"
    echo "644 conf/udev/60-fdbroker.rules lib/udev/rules.d/60-fdbroker.rules"
    echo "644 conf/fdbroker.ini share/doc/fdbroker/examples/fdbroker.ini"
    echo "644 LICENSE share/doc/fdbroker/copyright"
    echo "644 conf/completions/fdbroker share/bash-completion/completions/fdbroker"
    echo "644 conf/completions/_fdbroker share/zsh/site-functions/_fdbroker"
}

# The package is put together beside its place and renamed into it, so that no half of one is ever run.
install_package() {
    staging=$package.new.$$
    trap 'rm -rf "$staging"' EXIT
    mkdir -p "$staging/native"
    cp "$build/package.json" "$staging/package.json"
    cp "$build/native/fdbroker.node" "$build/native/fdbroker-keeper" "$staging/native/"
    (cd "$build" && find src -name '*.js' -o -name '*.d.ts') | while read -r file; do
        mkdir -p "$staging/${file%/*}"
        cp "$build/$file" "$staging/$file"
    done
    folders=$(node conf/make/production-packages.mjs)
    for folder in $folders; do
        mkdir -p "$staging/${folder%/*}"
        cp -R "$folder" "$staging/${folder%/*}/"
    done
    chmod -R u=rwX,go=rX "$staging"
    rm -rf "$package"
    mv "$staging" "$package"
}

# What an install before has made, and what this one is going to make.
missing_folders() {
    [ ! -e "$made" ] || cat "$made"
    { files && echo "- - lib/fdbroker"; } | while read -r _ _ folder; do
        while [ "$folder" != . ]; do
            folder=$(dirname "$folder")
            [ -d "$root/$folder" ] || echo "$folder"
        done
    done
}

case $action in
install)
    missing=$(missing_folders | sort -u)
    mkdir -p "$root/lib"
    install_package
    echo "$missing" >"$made"
    files | while read -r mode source destination; do
        install -D -m "$mode" "$source" "$root/$destination"
        case $source in
        conf/systemd/*) sed -i "s|@PREFIX@|$prefix|g" "$root/$destination" ;;
        esac
    done
    ;;
uninstall)
    folders=$([ ! -e "$made" ] || LC_ALL=C sort -r "$made")
    rm -rf "$package"
    files | while read -r mode source destination; do
        rm -f "$root/$destination"
    done
    rm -rf "$root/share/doc/fdbroker"
    for folder in $folders; do
        # The prefix itself is "."
        [ ! -d "$root/$folder" ] || rmdir --ignore-fail-on-non-empty "$root/${folder#.}"
    done
    ;;
esac
