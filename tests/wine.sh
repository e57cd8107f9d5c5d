#!/bin/bash
# The program for Windows in place of the one here: WHYLOGON=tests/wine.sh build/test_cli. Without the one line that says what Wine's jail lacks.
# BUILD=build. The first call makes a prefix and starts Wine's server, away from our standard error: what Wine starts for itself inherits it, and would
# keep a test's pipe open.
build=${BUILD:-$(dirname "$0")/../build}
program=$build/windows/whylogon.exe
case ${1:-} in *.exe) program=$1; shift ;; esac # another one, tests/run.sh's
# no debugger for who dies: it takes seconds to start, and the dead one is not gone before
export WINEDEBUG=-all WINEDLLOVERRIDES=winedbg.exe=d WINEPREFIX=${WINEPREFIX:-$(realpath "$build")/wine}
if [ ! -e "$WINEPREFIX/ready" ] || [ "$(cat "$WINEPREFIX/ready")" -lt $(($(date +%s) - 300)) ]; then
    mkdir -p "$WINEPREFIX"
    (wineserver -p600; wine wineboot) </dev/null >/dev/null 2>&1
fi
date +%s >"$WINEPREFIX/ready"
exec 3>&2
exec wine "$program" "$@" 2> >(exec grep -a --line-buffered -v 'workers ran with an incomplete jail' >&3)
