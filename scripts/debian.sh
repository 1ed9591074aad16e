# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Other Debians and Ubuntus in folders, for the scripts here that include this file: needs root,
# debootstrap and util-linux; MIRROR and UBUNTU_MIRROR are where packages come from.
mirror=${MIRROR:-http://deb.debian.org/debian}
ubuntu_mirror=${UBUNTU_MIRROR:-http://archive.ubuntu.com/ubuntu}

# What a build and its tests need, less what only one of the tests does.
build_packages='gcc libc6-dev cmake ninja-build pkg-config libglib2.0-dev libpcap-dev libyajl-dev
    libwireshark-dev libwiretap-dev libwsutil-dev tshark libcmocka-dev python3 python3-jsonschema
    binutils util-linux jq'

need_root() {
    [ "$(id -u)" -eq 0 ] || {
        echo "$(basename "$0"): run it as root: debootstrap and chroot need it" >&2
        exit 1
    }
}

# inside FOLDER COMMAND: runs a shell command in the Debian of a folder.  The mounts vanish with it.
inside() {
    unshare --mount sh -eu -c '
        mount -t proc proc "$1/proc"
        mount --rbind /dev "$1/dev"
        exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive sh -eu -c "$2"' - "$@"
}

# Debian 12 has no package with the keys of Ubuntu's archive; Debian 13 does.
make_ubuntu() {
    keys=$(dirname "$1")/trixie
    [ -e "$keys/usr/share/keyrings/ubuntu-archive-keyring.gpg" ] || {
        make_debian "$keys"
        install_in "$keys" ubuntu-archive-keyring
    }
    debootstrap --variant=minbase --components=main,universe \
        --keyring="$keys/usr/share/keyrings/ubuntu-archive-keyring.gpg" "$(basename "$1")" "$1" \
        "$ubuntu_mirror" /usr/share/debootstrap/scripts/gutsy
}

# make_debian FOLDER: the smallest Debian, or Ubuntu, of the suite that the folder is named after,
# if it is not there.  The Release file of a mirror that stands still may be out of date.
make_debian() {
    [ -e "$1/etc/debian_version" ] || case $(basename "$1") in
    noble) make_ubuntu "$1" ;;
    *) debootstrap --variant=minbase "$(basename "$1")" "$1" "$mirror" ;;
    esac
    echo 'Acquire::Check-Valid-Until "false";' >"$1/etc/apt/apt.conf.d/90valid"
}

# install_in FOLDER PACKAGE...
install_in() {
    debian=$1
    shift
    inside "$debian" "apt-get update; apt-get install -y --no-install-recommends $*"
}

# copy_source FOLDER: the last commit, in FOLDER.
copy_source() {
    rm -rf "$1"
    mkdir "$1"
    git -C "$here" archive HEAD | tar -x -C "$1"
}
