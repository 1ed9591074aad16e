#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs tshark with the plugin that was just built, without installing it.
#     scripts/tshark.sh [-b FOLDER] CAPTURE [TSHARK-OPTION...]
# FOLDER is the build folder (default: build).  For root, tshark ignores plugins outside of
# its own folder: then it runs as nobody, on copies that nobody can read.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
build=$here/build
if [ "${1:-}" = -b ]; then
    build=$2
    shift 2
fi
if [ $# -eq 0 ]; then
    echo "usage: scripts/tshark.sh [-b FOLDER] CAPTURE [TSHARK-OPTION...]" >&2
    exit 2
fi
capture=$1
shift

series=$(tshark --version 2>/dev/null | sed -n '1s/.* \([0-9]*\.[0-9]*\)\..*/\1/p')
copies=$(mktemp -d)
trap 'rm -rf "$copies"' EXIT
mkdir -p "$copies/plugins/$series/epan"
cp "$build/plugin/cti.so" "$copies/plugins/$series/epan/"
cp "$capture" "$copies/capture"
chmod -R a+rX "$copies"

as=
[ "$(id -u)" -ne 0 ] || as="setpriv --reuid=65534 --regid=65534 --clear-groups"
# shellcheck disable=SC2086
$as env HOME=/nonexistent WIRESHARK_PLUGIN_DIR="$copies/plugins" \
    tshark -r "$copies/capture" "$@"
