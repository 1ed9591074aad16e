#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# All that takes too long for each change: the long tests (Wireshark itself, mutated captures and
# valgrind on the plugin), the soak, fuzzing, and the plugin with each Wireshark.
#     scripts/long.sh [HOURS-OF-FUZZING]     (default 2)
# Needs root for the other Debians (scripts/plugin-versions.sh).
set -u

here=$(cd "$(dirname "$0")/.." && pwd)
hours=${1:-2}
failed=0

part() {
    begin=$(date +%s)
    echo "--- $1"
    shift
    "$@" || { echo "FAILED: $*"; failed=1; }
    echo "($(($(date +%s) - begin)) s)"
}

"$here/scripts/test.sh" || exit 1
"$here/scripts/install-deps.sh" xvfb xauth wireshark
part "long tests" ctest --test-dir "$here/build/tests" -C long --output-on-failure \
    --no-tests=error -R '^(gui|plugin-leaks-all|plugin-mutations)$'
part "soak" python3 "$here/tests/soak/run.py" "$here/build/tests/decoder/ctidump"
part "fuzzing, $hours hours" "$here/scripts/fuzz.sh" "$hours"
part "Wireshark 4.0, 4.4 and 4.6" "$here/scripts/plugin-versions.sh"
exit $failed
