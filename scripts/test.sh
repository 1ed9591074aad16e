#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what is missing, builds, and runs all tests: first as it ships, then what has no
# Wireshark in it under AddressSanitizer and UndefinedBehaviorSanitizer.
#     scripts/test.sh [CMAKE-OPTION...]
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)

"$here/scripts/install-deps.sh" python3 python3-jsonschema binutils util-linux jq
for kind in tests sanitized; do
    folder=$here/build/$kind
    case $kind in
    tests) set -- "$@" -DWITH_SANITIZERS=OFF -DWITH_PLUGIN=ON ;;
    sanitized) set -- "$@" -DWITH_SANITIZERS=ON -DWITH_PLUGIN=OFF ;;
    esac
    mkdir -p "$here/build"
    "$here/scripts/build.sh" "$folder" "$@" -DBUILD_TESTING=ON
    echo "--- $kind"
    ctest --test-dir "$folder" --output-on-failure --no-tests=error -j "$(nproc)"
done
echo "all tests passed"
