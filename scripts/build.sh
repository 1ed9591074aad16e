#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what a build needs and builds everything into FOLDER (default: build).
#     scripts/build.sh [FOLDER [CMAKE-OPTION...]]
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$here/build}
[ $# -eq 0 ] || shift

"$here/scripts/install-deps.sh" gcc libc6-dev cmake ninja-build pkg-config libglib2.0-dev \
    libpcap-dev libyajl-dev libwireshark-dev libwiretap-dev libwsutil-dev tshark libcmocka-dev
cmake -S "$here" -B "$folder" -G Ninja "$@" >"$folder.log" 2>&1 ||
    { cat "$folder.log" >&2; exit 1; }
cmake --build "$folder" >>"$folder.log" 2>&1 || { cat "$folder.log" >&2; exit 1; }
rm -f "$folder.log"
