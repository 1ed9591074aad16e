#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the Debian packages of the last commit on Debian 12 and 13, and on each of them, in a Debian
# with nothing else in it: installs them, uses what they brought, removes them, and looks for what
# they left behind.  One line for each.
#     scripts/package-test.sh [FOLDER [SUITE...]]
# The Debians that build live in FOLDER/SUITE (default: /var/tmp/cti-packages), the packages in
# FOLDER/packages/SUITE.  As root, on Debian 12 or later; the first run loads about 2 GB.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-/var/tmp/cti-packages}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- bookworm trixie
# shellcheck source=scripts/debian.sh
. "$here/scripts/debian.sh"

build() {
    time=$(git -C "$here" log -1 --format=%ct)
    # shellcheck disable=SC2086
    make_debian "$folder/$1" &&
        install_in "$folder/$1" $build_packages dpkg-dev file lintian &&
        copy_source "$folder/$1/src" &&
        inside "$folder/$1" "
            SOURCE_DATE_EPOCH=$time /src/scripts/packages.sh /src/build -DWITH_WERROR=ON
            lintian --allow-root --fail-on error,warning /src/build/packages/*.deb" &&
        rm -rf "$folder/packages/$1" &&
        mkdir -p "$folder/packages/$1" &&
        cp "$folder/$1"/src/build/packages/*.deb "$folder/packages/$1/"
}

# A Debian that nothing was done to, in FOLDER/clean/SUITE: from a copy of its first state.
make_clean() {
    clean=$folder/clean/$1
    rm -rf "$clean"
    mkdir -p "$folder/clean"
    if [ ! -e "$folder/$1.tar" ]; then
        make_debian "$clean" && inside "$clean" 'apt-get update' &&
            tar -C "$clean" --one-file-system -cf "$folder/$1.tar.new" . &&
            mv "$folder/$1.tar.new" "$folder/$1.tar"
    else
        mkdir "$clean" && tar -C "$clean" -xf "$folder/$1.tar"
    fi &&
        mkdir "$clean/try" "$clean/try/packages" &&
        cp "$folder/packages/$1"/*.deb "$clean/try/packages/" &&
        cp -r "$here/captures" "$here/tests/install" "$here/tests/golden" \
            "$here/scripts/package-use.sh" "$clean/try/" &&
        sed -n 's/^project(ctidump VERSION \([0-9.]*\).*/\1/p' "$here/CMakeLists.txt" \
            >"$clean/try/version"
}

# The plugin of another Debian, made for another Wireshark, must be refused.
refuse_others() {
    for other in "$folder"/packages/*/wireshark-cti_*.deb; do
        maker=$(basename "$(dirname "$other")")
        [ "$maker" != "$1" ] || continue
        cp "$other" "$folder/clean/$1/try/other.deb"
        if inside "$folder/clean/$1" 'apt-get install -s /try/other.deb'; then
            echo "the plugin that was built on $maker can be installed on $1"
            return 1
        fi
        echo "refused: the plugin that was built on $maker"
    done
}

need_root
"$here/scripts/install-deps.sh" debootstrap util-linux git
mkdir -p "$folder"
failed=0
for suite in "$@"; do
    log=$folder/$suite.log
    echo "$suite" >"$log"
    build "$suite" >>"$log" 2>&1 || { echo "$suite: not built, see $log"; failed=1; }
done
for suite in "$@"; do
    log=$folder/$suite.log
    [ -d "$folder/packages/$suite" ] || continue
    if {
        make_clean "$suite" && refuse_others "$suite" &&
            inside "$folder/clean/$suite" /try/package-use.sh
    } >>"$log" 2>&1; then
        echo "$suite: $(tail -n 1 "$log")"
    else
        echo "$suite: FAILED, see $log"
        failed=1
    fi
done
exit $failed
