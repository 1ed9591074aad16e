#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what is missing, builds, and makes the Debian packages, for the Debian and the Wireshark
# of this machine, into FOLDER (default: build/release).  The same commit on the same Debian gives
# the same bytes: files have the time of the last commit, or SOURCE_DATE_EPOCH.
#     [DEBFULLNAME=... DEBEMAIL=...] scripts/packages.sh [FOLDER [CMAKE-OPTION...]]
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$here/build/release}
[ $# -eq 0 ] || shift

if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git -C "$here" log -1 --format=%ct 2>/dev/null) ||
        SOURCE_DATE_EPOCH=$(stat -c %Y "$here/CHANGELOG.md")
fi
export SOURCE_DATE_EPOCH
umask 022
mkdir -p "$(dirname "$folder")"
"$here/scripts/install-deps.sh" dpkg-dev file gzip binutils
"$here/scripts/build.sh" "$folder" -DBUILD_TESTING=OFF -DCMAKE_INSTALL_PREFIX=/usr "$@"
rm -rf "$folder/packages"
(cd "$folder" && cpack >packages.log 2>&1) || { cat "$folder/packages.log" >&2; exit 1; }
rm -rf "$folder/packages/_CPack_Packages"
ls "$folder"/packages/*.deb
