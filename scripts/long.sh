#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# All that takes too long for each change, in parts, and at the end one line for each: whether it
# passed, and how long it took.
#     scripts/long.sh [HOURS-OF-FUZZING [PART...]]     (default 2, and all parts)
# To go on where one failed, name it and those after it.
#     tests         scripts/test.sh
#     gui           the real Wireshark, on a display without a screen
#     leaks         each capture through the plugin in valgrind
#     mutations     mutated captures in tshark, plugin with sanitizers
#     bad-captures  200 captures taken badly: both programs must find the same
#     model         the model of both TCP ends, 40 seeds of each kind, in both programs
#     worlds        500 worlds in which everybody keeps the rules
#     soak          a day of 2,000 clients, crowds, a client that connects each second
#     fuzz          scripts/fuzz.sh HOURS
#     versions      scripts/plugin-versions.sh: the plugin with Wireshark 4.0, 4.2, 4.4 and 4.6
#     packages      scripts/package-test.sh: Debian packages, on clean Debians
#     reproducible  scripts/reproducible.sh
#     coverage      scripts/coverage.sh
# What a part prints is in build/long/PART.log.  As root, for versions and packages.
set -u

here=$(cd "$(dirname "$0")/.." && pwd)
folder=$here/build/long
hours=${1:-2}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] ||
    set -- tests gui leaks mutations bad-captures model worlds soak fuzz versions \
        packages reproducible coverage
case $hours in
*[!0-9.]*)
    sed -n 's/^#     scripts/usage: scripts/p' "$0" >&2
    exit 2
    ;;
esac

build() {
    "$here/scripts/install-deps.sh" python3 util-linux binutils jq wireshark-common &&
        "$here/scripts/build.sh" "$@" -DBUILD_TESTING=ON
}

long_test() {
    ctest --test-dir "$1" -C long --output-on-failure --no-tests=error -R "^$2\$"
}

run() {
    case $1 in
    tests) "$here/scripts/test.sh" -DWITH_WERROR=ON ;;
    gui)
        build "$here/build/tests" &&
            "$here/scripts/install-deps.sh" wireshark xvfb openbox xdotool imagemagick &&
            long_test "$here/build/tests" gui
        ;;
    leaks)
        build "$here/build/tests" && "$here/scripts/install-deps.sh" valgrind &&
            long_test "$here/build/tests" plugin-leaks-all
        ;;
    mutations)
        build "$folder/sanitized" -DWITH_SANITIZERS=ON &&
            long_test "$folder/sanitized" plugin-mutations
        ;;
    bad-captures)
        build "$here/build/tests" && long_test "$here/build/tests" bad-captures-200
        ;;
    model)
        build "$here/build/tests" || return 1
        set -- python3 "$here/tests/model/run.py" "$here/build/tests/decoder/ctidump" --seeds 40
        "$@" && "$@" --plugin "$here/build/tests/plugin/cti.so" --only-plugin --together
        ;;
    worlds)
        build "$here/build/tests" &&
            python3 "$here/tests/worlds/run.py" "$here/build/tests/decoder/ctidump" --seeds 500
        ;;
    soak)
        build "$here/build/tests" &&
            python3 "$here/tests/soak/run.py" "$here/build/tests/decoder/ctidump"
        ;;
    fuzz) "$here/scripts/fuzz.sh" "$hours" ;;
    versions) "$here/scripts/plugin-versions.sh" ;;
    packages) "$here/scripts/package-test.sh" ;;
    reproducible) "$here/scripts/reproducible.sh" ;;
    coverage) "$here/scripts/coverage.sh" ;;
    *)
        echo "long.sh: there is no part $1"
        return 1
        ;;
    esac
}

mkdir -p "$folder"
summary=$folder/summary
: >"$summary"
status=0
for part in "$@"; do
    echo "--- $part, since $(date +%H:%M:%S)"
    begin=$(date +%s)
    result=passed
    run "$part" >"$folder/$part.log" 2>&1 || result=FAILED status=1
    tail -n 20 "$folder/$part.log"
    printf '%-8s %-13s %6d s\n' "$result" "$part" $(($(date +%s) - begin)) >>"$summary"
done
echo "--- summary of $(git -C "$here" log -1 --format=%h 2>/dev/null), logs in $folder"
cat "$summary"
exit $status
