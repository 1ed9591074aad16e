#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what is missing, builds so that each line counts how often it runs, runs all tests, and
# prints the share of lines that ran, of codec, decoder and plugin.  Fails under 95 % of the first
# two and 90 % of the plugin.  The pages in FOLDER/lines show each line.
#     scripts/coverage.sh [FOLDER]     (default: build/coverage)
# Lines that no test can reach carry a comment GCOVR_EXCL_LINE with the reason.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$here/build/coverage}

"$here/scripts/install-deps.sh" gcovr
mkdir -p "$folder"
# As root, tests run tshark as another user, whose lines count too.
umask 0
"$here/scripts/build.sh" "$folder" -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=ON -DWITH_COVERAGE=ON
chmod -R a+rwX "$folder"
find "$folder" -name '*.gcda' -delete
ctest --test-dir "$folder" --output-on-failure --no-tests=error -j "$(nproc)" \
    --timeout 1800 >"$folder/tests.log" 2>&1 || {
    tail -n 40 "$folder/tests.log" >&2
    echo "coverage.sh: tests failed, see $folder/tests.log; the shares are of what ran" >&2
}

mkdir -p "$folder/lines"
failed=0
while read -r part least; do
    gcovr --root "$here" --object-directory "$folder" --filter "$here/$part/" \
        --exclude-throw-branches --html-details "$folder/lines/$part.html" \
        --txt "$folder/lines/$part.txt" --fail-under-line "$least" >/dev/null 2>"$folder/gcovr.log" ||
        failed=1
    echo "$part: $(sed -n 's/^TOTAL *//p' "$folder/lines/$part.txt" |
        awk '{ printf "%d of %d lines, %s", $2, $1, $3 }'), at least $least%"
done <<LEAST
codec 95
decoder 95
plugin 90
LEAST
exit $failed
