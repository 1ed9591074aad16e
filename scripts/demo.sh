#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what is missing, builds, and shows a capture with ctidump and with tshark.
#     scripts/demo.sh [CAPTURE]
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
capture=${1:-$here/captures/heartbeat-missed.pcap}

"$here/scripts/build.sh" "$here/build" -DBUILD_TESTING=OFF
echo "--- ctidump $(basename "$capture")"
"$here/build/decoder/ctidump" "$capture"
echo
echo "--- tshark -r $(basename "$capture") -Y cti"
"$here/scripts/tshark.sh" -r "$capture" -Y cti
