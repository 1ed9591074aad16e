#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the packages of the last commit twice: in folders of different names, at different times,
# under another umask, time zone, language, user folder and number of jobs; and compares the bytes.
#     scripts/reproducible.sh
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
SOURCE_DATE_EPOCH=$(git -C "$here" log -1 --format=%ct)
export SOURCE_DATE_EPOCH

first=$folder/a
second="$folder/in/another folder with a longer name"
for source in "$first" "$second"; do
    mkdir -p "$source"
    git -C "$here" archive HEAD | tar -x -C "$source"
done
"$first/scripts/packages.sh" >/dev/null
find "$second" -exec touch -d '2001-02-03 04:05:06' {} +
(
    umask 077
    TZ=Asia/Kathmandu LC_ALL=C HOME=$folder CMAKE_BUILD_PARALLEL_LEVEL=1 \
        "$second/scripts/packages.sh" "$second/other" >/dev/null
)

same=0
for package in "$first"/build/release/packages/*.deb; do
    name=$(basename "$package")
    if cmp -s "$package" "$second/other/packages/$name"; then
        echo "same bytes: $name $(sha256sum "$package" | cut -c 1-16)"
    else
        echo "NOT the same: $name" >&2
        same=1
        for half in a b; do
            [ "$half" = a ] && file=$package || file=$second/other/packages/$name
            mkdir "$folder/$half.$name"
            dpkg-deb -R "$file" "$folder/$half.$name"
        done
        diff -rq "$folder/a.$name" "$folder/b.$name" >&2 || true
    fi
done
exit $same
