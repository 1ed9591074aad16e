#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the plugin that was built here, and the Wireshark profile CTI, where the Wireshark of
# this machine looks for them; then asks it whether the plugin is loaded.
#     scripts/install-plugin.sh [--user|--global] [BUILD-FOLDER]
# --user: for this user alone (what a user gets by default); --global: for all (what root gets,
# since for root Wireshark ignores root's own plugins).
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
complain() {
    echo "install-plugin.sh: $*" >&2
    exit 1
}

where=user
[ "$(id -u)" -ne 0 ] || where=global
case ${1:-} in
--user | --global)
    where=${1#--}
    shift
    ;;
-*) complain "usage: install-plugin.sh [--user|--global] [BUILD-FOLDER]" ;;
esac
plugin=${1:-$here/build}/plugin/cti.so
[ -f "$plugin" ] || complain "$plugin: not there: build first (scripts/build.sh)"
command -v tshark >/dev/null || complain "tshark is not installed: it tells where plugins belong"
[ "$where" = global ] || [ "$(id -u)" -ne 0 ] ||
    complain "for root Wireshark ignores root's own plugins: use --global, or be another user"

# "Personal Plugins:  /home/u/.local/lib/wireshark/plugins/4.0"
folder() {
    tshark -G folders 2>/dev/null | sed -n "s/^$1:[[:space:]]*//p"
}
if [ "$where" = global ]; then
    plugins=$(folder 'Global Plugins')
    other=$(folder 'Personal Plugins')
    settings=$(folder 'Global configuration')
else
    plugins=$(folder 'Personal Plugins')
    other=$(folder 'Global Plugins')
    settings=$(folder 'Personal configuration')
fi
if [ -z "$plugins" ] || [ -z "$settings" ]; then
    complain "tshark -G folders does not name the folders"
fi

mkdir -p "$plugins/epan" "$settings/profiles/CTI"
# Not over a file that a running Wireshark has open.
cp "$plugin" "$plugins/epan/cti.so.new"
mv "$plugins/epan/cti.so.new" "$plugins/epan/cti.so"
# A profile that is there may hold what the user set: that is kept beside the new file; widths of
# columns are left as they are.
for file in "$here"/profile/CTI/*; do
    installed=$settings/profiles/CTI/$(basename "$file")
    if [ -f "$installed" ] && ! cmp -s "$file" "$installed"; then
        [ "$(basename "$file")" != recent ] || continue
        mv "$installed" "$installed.before"
        echo "changed: $installed is new, the one before is $installed.before"
    fi
    cp "$file" "$installed"
done
chmod -R a+rX "$plugins/epan/cti.so" "$settings/profiles/CTI"
echo "plugin:  $plugins/epan/cti.so"
echo "profile: $settings/profiles/CTI (Edit > Configuration Profiles, or -C CTI)"

loaded=$(tshark -G plugins 2>/dev/null | grep -F cti.so) || loaded=
case $loaded in
*"$plugins/epan/cti.so"*) ;;
'') complain "$(tshark --version 2>/dev/null | head -n 1) does not load it; its words:" \
    "$(tshark -G plugins 2>&1 >/dev/null | head -n 3)" ;;
*) complain "another one is loaded, or none: $loaded" ;;
esac
[ ! -f "$other/epan/cti.so" ] ||
    complain "there is a second one in $other/epan: remove one of the two"
echo "loaded by $(tshark --version 2>/dev/null | head -n 1)"
