# SPDX-License-Identifier: GPL-2.0-or-later
# Bash completion of ctidump.  Options and values are asked from the program itself, so that
# nothing stands here a second time.

# The names that "ctidump --list KIND" prints, for the word that begins with $2; it may be a list
# of names with commas between them.
_ctidump_names()
{
    local before=${2%"${2##*,}"}

    mapfile -t COMPREPLY < <(compgen -P "$before" -W "$(ctidump --list "$1" 2>/dev/null)" -- \
        "${2##*,}")
}

_ctidump_words()
{
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_ctidump()
{
    local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]}

    # "--option=value" are three words.
    if [ "$word" = = ]; then
        COMPREPLY=()
        return
    fi
    [ "$option" = = ] && option=${COMP_WORDS[COMP_CWORD-2]}
    case $option in
    -T | --format) _ctidump_names formats "$word" ;;
    --table) _ctidump_names tables "$word" ;;
    --type) _ctidump_names types "$word" ;;
    --min-severity | --fail-on) _ctidump_names severities "$word" ;;
    --explain)
        _ctidump_words "$(for kind in rules verdicts problems; do ctidump --list $kind; done |
            sort -u)" "$word"
        ;;
    --list) _ctidump_words "formats tables types severities rules verdicts problems" "$word" ;;
    --color) _ctidump_words "auto always never" "$word" ;;
    -t | --time) _ctidump_words "u ud a ad e r d" "$word" ;;
    --tz)
        _ctidump_words "local UTC $(cd /usr/share/zoneinfo 2>/dev/null &&
            find [A-Z]*/* -type f 2>/dev/null)" "$word"
        ;;
    -d | --ports | -f | --filter | --side-a | --side-b | --slow | --client | --session | --agent | \
        --call | --from | --to | --held-bytes | --held-total | --connections | --fragments)
        COMPREPLY=()
        ;;
    *)
        if [[ $word == -* ]]; then
            _ctidump_words "$(ctidump --help | sed -n \
                's/^  \(-., \)\{0,1\}\(--[a-z-]*\).*/\1\2/; s/,//; s/^-.*/&/p')" "$word"
        else
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
        fi
        ;;
    esac
} && complete -F _ctidump ctidump
