#!/usr/bin/env bash
# aria2: eight connections at once, killed and continued from its control file, and through cuts.
set -euo pipefail
source "$(dirname "$0")/common.sh"
need aria2c aria2
whole=$DIR/large.bin
# Without --file-allocation=none a killed download already has its full size on the disk.
options=(--no-conf -q --log-level=info -x8 -s8 -k1M --file-allocation=none --auto-save-interval=1)
# get OUT LOG ...
get() { timeout --foreground 40 aria2c "${options[@]}" -o "$1" --log="$2" "${@:3}" || fail "$1: $(grep -aE 'ERROR|errorCode' "$2" | tail -n 3)"; }
# ranges LOG: how many requests had a Range, and the first byte that any of them asked for.
ranges() { sed -n 's/^Range: bytes=\([0-9]*\)-.*/\1/p' "$1" | sort -n | awk 'NR == 1 { least = $1 } END { print NR, least + 0 }'; }

get whole whole.log "$BASE_URL/large.bin"
same whole "$whole" '-x8 -s8'
read -r split _ < <(ranges whole.log)
# The first of the eight connections asks for the whole file, and is closed where the second one began.
[ "$split" -ge 7 ] || fail "-x8 -s8 -k1M made $split requests with a Range, so it was not split"

# Killed without a chance to write anything more, as by a power cut.
aria2c "${options[@]}" -o killed --log=killed.log --max-overall-download-limit=8M --stop=20 "$BASE_URL/large.bin" &
child=$!
sleep 3
kill -KILL $child || fail 'the limited download was over before it could be killed'
{ wait $child || true; } 2>/dev/null
[ -e killed.aria2 ] || fail 'no control file, so it was not in the middle'
had=$(($(stat -c %b killed) * 512)) # the file has holes: its size says nothing
get killed continued.log -c "$BASE_URL/large.bin"
same killed "$whole" 'continuing from the control file'
[ ! -e killed.aria2 ] || fail 'aria2 left its control file, so it does not count the file as complete'
read -r _ from < <(ranges continued.log)
[ "$from" -gt 0 ] || fail 'it asked again for what it had'

get cut cut.log --max-tries=20 --retry-wait=1 "$CUT_URL/large.bin"
same cut "$whole" 'retries through cuts'
read -r through _ < <(ranges cut.log)
echo "ok $NAME: 8 connections, killed with $had bytes on the disk and continued, $through ranges through cuts"
