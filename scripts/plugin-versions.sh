#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the plugin with each Wireshark that it is made for, with warnings as errors, and runs
# its tests there: 4.0 (Debian 12), 4.4 (Debian 13) and 4.6 (Debian sid).  One line for each.
#     scripts/plugin-versions.sh [FOLDER [SUITE...]]
# Each Debian lives in FOLDER/SUITE (default: /var/tmp/cti-wiresharks), made by debootstrap at the
# first run; what is tested is the last commit.  As root, on Debian 12 or later; the first run
# loads about 2 GB and takes half an hour.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-/var/tmp/cti-wiresharks}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- bookworm trixie sid
mirror=${MIRROR:-http://deb.debian.org/debian}
tests='^(plugin|agreement|random-messages|readme|filters)$'

# Runs a command in a suite.  The mounts vanish with it.
inside() {
    unshare --mount sh -eu -c '
        mount -t proc proc "$1/proc"
        mount --rbind /dev "$1/dev"
        exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive sh -eu -c "$2"' - "$@"
}

# The Release file of a mirror that stands still may be out of date.
prepare() {
    [ -e "$1/etc/debian_version" ] || debootstrap --variant=minbase "$(basename "$1")" "$1" "$mirror"
    inside "$1" '
        apt-get -o Acquire::Check-Valid-Until=false update
        apt-get install -y --no-install-recommends gcc libc6-dev cmake ninja-build pkg-config \
            libglib2.0-dev libpcap-dev libyajl-dev libwireshark-dev libwiretap-dev libwsutil-dev \
            tshark libcmocka-dev python3 python3-jsonschema binutils util-linux jq'
}

build_and_test() {
    rm -rf "$1/src"
    mkdir "$1/src"
    git -C "$here" archive HEAD | tar -x -C "$1/src"
    inside "$1" "
        cmake -S /src -B /src/build -G Ninja -DWITH_WERROR=ON
        cmake --build /src/build --target cti ctidump dump_table
        ctest --test-dir /src/build --output-on-failure --no-tests=error -R '$tests'"
}

if [ "$(id -u)" -ne 0 ]; then
    echo "plugin-versions.sh: run it as root: debootstrap and chroot need it" >&2
    exit 1
fi
"$here/scripts/install-deps.sh" debootstrap util-linux git
mkdir -p "$folder"
failed=0
for suite in "$@"; do
    root=$folder/$suite
    log=$root.log
    result=passed
    { prepare "$root" && build_and_test "$root"; } >"$log" 2>&1 || result="FAILED, see $log"
    series=$(inside "$root" 'tshark --version 2>/dev/null | head -n 1' 2>/dev/null) || series=none
    echo "$suite: $series $result"
    [ "$result" = passed ] || failed=1
done
exit $failed
