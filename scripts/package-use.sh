#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Run by package-test.sh in a Debian with nothing in it, where it stands in /try beside the packages:
# installs, uses, removes.
set -eu

version=$(cat /try/version)
captures=/try/captures
installing='apt-get install -y --no-install-recommends'

say() {
    echo "--- $*"
}

# same WHAT EXPECTED ACTUAL
same() {
    if [ "$2" != "$3" ]; then
        echo "$1: expected:"
        echo "$2"
        echo "$1: found:"
        echo "$3"
        exit 1
    fi
    echo "as expected: $1"
}

# Names of all files, less those that apt and dpkg keep for themselves.
files() {
    find / -xdev \( -path /proc -o -path /dev -o -path /try -o -path /tmp -o -path /var/cache \
        -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/log -o -path /root \) -prune \
        -o -print | sort
}

# As a user without rights.
nobody() {
    setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent "$@"
}

say before
files >/tmp/before

say ctidump
$installing /try/packages/ctidump_*.deb
same 'version' "ctidump $version" "$(ctidump --version)"
cd "$captures"
same 'a report' "$(cat /try/golden/report/heartbeat-missed.report)" \
    "$(nobody ctidump heartbeat-missed.pcap)"
same 'a page about a finding' 0 "$(ctidump --explain heartbeat-missed >/dev/null; echo $?)"
gzip -c heartbeat-missed.pcap >/tmp/heartbeat-missed.pcap.gz
same 'a capture for libwiretap' 2 \
    "$(ctidump -T json /tmp/heartbeat-missed.pcap.gz | grep -c '"record":"session"')"
rm /tmp/heartbeat-missed.pcap.gz
for file in /usr/share/man/man1/ctidump.1.gz /usr/share/ctidump/ctidump.schema.json \
    /usr/share/bash-completion/completions/ctidump /usr/share/doc/ctidump/README.md \
    /usr/share/doc/ctidump/copyright /usr/share/doc/ctidump/changelog.gz; do
    [ -s "$file" ]
done
bash -n /usr/share/bash-completion/completions/ctidump

say wireshark-cti
$installing tshark /try/packages/wireshark-cti_*.deb
same 'the plugin is loaded' 1 "$(nobody tshark -G plugins | grep -c 'cti\.so.*dissector')"
same 'the messages that ctidump finds' \
    "$(ctidump -T json agent-desktop.pcap | sed -n 's/.*"record":"message".*"type":\([0-9]*\).*/\1/p')" \
    "$(nobody tshark -r agent-desktop.pcap -Y cti -T fields -e cti.message_type 2>/dev/null |
        tr ',' '\n')"
mkdir /tmp/home
chown 65534 /tmp/home
same 'the profile' 0 "$(
    setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp/home \
        tshark -C CTI -r heartbeat-missed.pcap -c 1 2>&1 | grep -c 'does not exist')"
rm -r /tmp/home

say libcti-codec-dev
$installing gcc libc6-dev pkg-config /try/packages/libcti-codec-dev_*.deb
# shellcheck disable=SC2046
gcc /usr/share/doc/libcti-codec-dev/examples/fields.c $(pkg-config --cflags --libs cti-codec) \
    -o /tmp/fields
same 'an example' "$(cat /try/install/fields.txt)" "$(
    tshark -r agent-desktop.pcap -Y 'tcp.srcport == 42027 && tcp.len > 0' -T fields \
        -e tcp.payload 2>/dev/null | perl -ne 'chomp; print pack "H*", $_' | /tmp/fields)"
rm /tmp/fields

say removal
dpkg -L ctidump wireshark-cti libcti-codec-dev | sort -u >/tmp/ours
dpkg --purge ctidump wireshark-cti libcti-codec-dev
same 'files that are left of ours' '' "$(
    while read -r path; do
        [ -f "$path" ] || [ -L "$path" ] || continue
        dpkg-query -S "$path" >/dev/null 2>&1 || echo "$path"
    done </tmp/ours)"
apt-get autoremove -y --purge tshark gcc libc6-dev pkg-config
files >/tmp/after
same 'folders and files with our names' '' \
    "$(comm -13 /tmp/before /tmp/after | grep -i cti | grep -v -i 'action\|section\|directi' || true)"

echo "installed, used and removed: $(cd /try/packages && echo *.deb)"
