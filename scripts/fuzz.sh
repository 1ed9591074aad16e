#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzes codec and decoder with libFuzzer, and prints for each target how many inputs it ran, what
# it reached and how much memory it took.
#     scripts/fuzz.sh short             each target for a moment, from the corpora in the
#                                       repository and with the same seed each time
#     scripts/fuzz.sh HOURS [TARGET...] that long in all (2, or 0.5), each target in turn
#     scripts/fuzz.sh merge [TARGET...] what the long runs found new goes into the corpora
# Inputs found, logs and crashes are kept in build/fuzz; a crash ends its target.  To see one
# again: build/fuzz/tests/fuzz/fuzz_TARGET FILE; to keep it as a test: copy it, mended, to
# tests/fuzz/corpus/TARGET.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
folder=$here/build/fuzz
corpus=$here/tests/fuzz/corpus
all="reader session packet tcp order capture writers"
longest=8192 # bytes of an input
largest=1024 # bytes of one that goes into the repository

case ${1:-} in
short | merge) what=$1 ;;
'' | *[!0-9.]*)
    sed -n 's/^#     scripts/usage: scripts/p' "$0" >&2
    exit 2
    ;;
*) what=long hours=$1 ;;
esac
shift
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $all

"$here/scripts/install-deps.sh" clang libclang-rt-14-dev python3
mkdir -p "$here/build"
"$here/scripts/build.sh" "$folder" -DCMAKE_C_COMPILER=clang -DWITH_FUZZING=ON \
    -DWITH_SANITIZERS=ON -DWITH_PLUGIN=OFF -DBUILD_TESTING=ON
mkdir -p "$folder/found/short" "$folder/crashes" "$folder/logs"
"$folder/tests/fuzz/fuzz_dictionary" >"$folder/dictionary"
[ "$what" = short ] || python3 "$here/tests/fuzz/seeds.py" "$here/captures" "$folder/seeds"

# glib's own blocks of memory would hide what is read beyond one.
export G_SLICE=always-malloc G_DEBUG=fatal-criticals UBSAN_OPTIONS=print_stacktrace=1

# Runs a target with these options; one line of what it did.
run() {
    target=$1
    shift
    log=$folder/logs/$target.log
    if ! nice -n 19 "$folder/tests/fuzz/fuzz_$target" -dict="$folder/dictionary" -timeout=30 \
        -rss_limit_mb=2048 -max_len=$longest -print_final_stats=1 \
        -artifact_prefix="$folder/crashes/$target-" "$@" >"$log" 2>&1; then
        echo "$target: FAILED, see $log"
        grep -aE 'broken promise|runtime error|SUMMARY|Test unit written' "$log" || true
        return 1
    fi
    awk -v target="$target" '
        / cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1)
                                              if ($i == "ft:") ft = $(i + 1) } }
        /number_of_executed_units/ { units = $2 }
        /peak_rss_mb/ { peak = $2 }
        END { printf "%-8s %9d inputs, cov %5d, ft %6d, at most %4d MiB\n", target, units, cov,
                     ft, peak }' "$log"
}

count() {
    find "$1" -type f | wc -l
}

failed=0
for target in "$@"; do
    mkdir -p "$folder/found/$target" "$corpus/$target"
    case $what in
    short)
        run "$target" -seed=1 -max_total_time=10 "$folder/found/short" "$corpus/$target" ||
            failed=1
        ;;
    long)
        seconds=$(awk -v hours="$hours" -v count=$# 'BEGIN { print int(hours * 3600 / count) }')
        run "$target" -max_total_time="$seconds" "$folder/found/$target" "$corpus/$target" \
            "$folder/seeds/$target" || failed=1
        ;;
    merge)
        before=$(count "$corpus/$target")
        find "$folder/found/$target" -type f -size +"${largest}c" -delete
        run "$target" -set_cover_merge=1 -use_counters=0 "$corpus/$target" \
            "$folder/found/$target" >/dev/null || failed=1
        echo "$target: $before inputs before, $(count "$corpus/$target") now"
        ;;
    esac
done
exit $failed
