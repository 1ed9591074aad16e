#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the plugin with each Wireshark that it is made for, with warnings as errors, and runs
# its tests there: 4.0 (Debian 12), 4.2 (Ubuntu 24.04), 4.4 (Debian 13) and 4.6 (Debian sid).  One
# line for each.
#     scripts/plugin-versions.sh [FOLDER [SUITE...]]
# Each of them lives in FOLDER/SUITE (default: /var/tmp/cti-wiresharks), made by debootstrap at the
# first run; what is tested is the last commit.  As root, on Debian 12 or later; the first run
# loads about 2 GB and takes half an hour.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-/var/tmp/cti-wiresharks}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- bookworm noble trixie sid
tests='^(plugin|agreement|random-messages|readme|filters)$'

# shellcheck source=scripts/debian.sh
. "$here/scripts/debian.sh"

prepare() {
    make_debian "$1"
    # shellcheck disable=SC2086
    install_in "$1" $build_packages
}

build_and_test() {
    copy_source "$1/src"
    inside "$1" "
        cmake -S /src -B /src/build -G Ninja -DWITH_WERROR=ON
        cmake --build /src/build --target cti ctidump dump_table
        ctest --test-dir /src/build --output-on-failure --no-tests=error -R '$tests'"
}

need_root
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
