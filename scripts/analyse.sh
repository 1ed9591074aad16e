#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Static analysis, of which nothing may remain.  Of codec, decoder and plugin: gcc -fanalyzer,
# clang-tidy (.clang-tidy tells what it is asked for and why not more) and cppcheck.  Of scripts and
# tests: shellcheck and flake8.  Of all texts and comments: codespell.
#     scripts/analyse.sh
# A warning that is none is suppressed here, or beside the code, with its reason.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
folder=$here/build/analysis

"$here/scripts/install-deps.sh" clang clang-tidy cppcheck git shellcheck flake8 codespell
mkdir -p "$folder"
cd "$here"

# What takes seconds comes first.
grep -l '^#!' .ci/run scripts/*.sh | xargs shellcheck -x docs/ctidump.bash
echo "shellcheck: nothing"
flake8 captures tests
echo "flake8: nothing"
# Words that are none: \(bu of a manual page, and a line that an example cuts off.
codespell --skip=corpus,golden,facts.json,'*.pcap','*.png' -L debians,keep-alives,bu,fro \
    .ci/run ./*.md captures codec decoder docs examples packaging plugin profile scripts tests
echo "codespell: nothing"

# gcc: a build like any other, whose warnings are errors
"$here/scripts/build.sh" "$folder/gcc" -DBUILD_TESTING=OFF -DWITH_WERROR=ON \
    -DCMAKE_C_FLAGS=-fanalyzer
echo "gcc -fanalyzer: nothing"

"$here/scripts/build.sh" "$folder/clang" -DBUILD_TESTING=OFF -DCMAKE_C_COMPILER=clang \
    -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
log=$folder/clang-tidy.log
find codec decoder plugin -name '*.c' -print0 |
    xargs -0 -n 8 -P "$(nproc)" clang-tidy --quiet -p "$folder/clang" >"$log" 2>&1 ||
    { grep -E -A 3 ': (error|warning):' "$log" >&2; exit 1; }
echo "clang-tidy: nothing"

# cppcheck 2.10 stumbles over a compound literal that is an argument (connection_session.c) and holds
# text that a function returns for lost (times.c).
folders=$(find decoder -type d | sed 's/^/-I/')
# shellcheck disable=SC2086
cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
    --std=c11 --library=gtk --library=posix -j "$(nproc)" -Icodec $folders \
    --suppress=missingIncludeSystem --suppress=internalAstError:codec/connection_session.c \
    --suppress=memleak:decoder/text/times.c codec decoder plugin
echo "cppcheck: nothing"
