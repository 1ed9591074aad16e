#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what is missing, builds, and runs all tests: first as it ships, then what has no
# Wireshark in it under AddressSanitizer and UndefinedBehaviorSanitizer.
#     scripts/test.sh [CMAKE-OPTION...]
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)

"$here/scripts/install-deps.sh" python3 python3-jsonschema binutils util-linux jq \
    wireshark-common valgrind gzip zstd lz4 tzdata mandoc groff-base chromium tidy python3-html5lib g++
mkdir -p "$here/build"
"$here/scripts/build.sh" "$here/build/tests" "$@" -DBUILD_TESTING=ON
"$here/scripts/build.sh" "$here/build/sanitized" "$@" -DBUILD_TESTING=ON -DWITH_PLUGIN=OFF \
    -DWITH_SANITIZERS=ON
for kind in tests sanitized; do
    echo "--- $kind"
    ctest --test-dir "$here/build/$kind" --output-on-failure --no-tests=error -j "$(nproc)"
done
echo "all tests passed"
