#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# tshark with the plugin that was built here, without installing it.
#     [BUILD=FOLDER] scripts/tshark.sh TSHARK-OPTION...
# FOLDER is the build folder (default: build).  For root, tshark ignores plugins outside of
# its own folder: then it runs as nobody, on copies that nobody can read.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
plugin=${BUILD:-$here/build}/plugin/cti.so
if [ ! -f "$plugin" ]; then
    echo "tshark.sh: $plugin: not there: build first (scripts/build.sh), or set BUILD" >&2
    exit 1
fi

copies=$(mktemp -d)
trap 'rm -rf "$copies"' EXIT
series=$(tshark --version 2>/dev/null | sed -n '1s/.* \([0-9]*\.[0-9]*\)\..*/\1/p')
mkdir -p "$copies/plugins/$series/epan"
cp "$plugin" "$copies/plugins/$series/epan/"

as=
if [ "$(id -u)" -eq 0 ]; then
    as="setpriv --reuid=65534 --regid=65534 --clear-groups"
    # Each argument goes from the front to the back; the one behind -r becomes a copy.
    count=$# before=
    while [ "$count" -gt 0 ]; do
        argument=$1
        if [ "$before" = -r ] && [ -f "$argument" ]; then
            cp "$argument" "$copies/capture"
            argument=$copies/capture
        fi
        before=$1
        shift
        set -- "$@" "$argument"
        count=$((count - 1))
    done
fi
chmod -R a+rX "$copies"
# shellcheck disable=SC2086
$as env HOME=/nonexistent WIRESHARK_PLUGIN_DIR="$copies/plugins" tshark "$@"
