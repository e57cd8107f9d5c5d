#!/bin/bash
# What the bash completion offers for a line: completions.sh FILE word word ... (the last one is being typed)
source "$1"; shift
COMP_WORDS=(whylogon "$@")
COMP_CWORD=$#
compopt() { :; }
_whylogon
printf '%s\n' "${COMPREPLY[@]}"
