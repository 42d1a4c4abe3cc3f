#!/usr/bin/env bash
# wget: whole, -c after a cut, its own retries through cuts, and -N, which asks by date.
set -euo pipefail
source "$(dirname "$0")/common.sh"
need wget wget
whole=$DIR/large.bin
total=$(size "$whole")
get() { timeout --foreground 40 wget -nv -S --no-config "$@"; }

get -O whole "$BASE_URL/large.bin" 2>whole.log
same whole "$whole" 'a whole download'

get --tries=1 -O cut "$CUT_URL/large.bin" 2>cut.log && fail 'a connection that was cut counted as a complete download'
partial cut "$whole"
had=$(size cut)
get -c -O cut "$BASE_URL/large.bin" 2>continued.log
same cut "$whole" "-c at $had"
has continued.log 'HTTP/1.1 206' '-c'
has continued.log "content-range: bytes $had-$((total - 1))/$total" '-c'

get --tries=20 --waitretry=0 -O retried "$CUT_URL/large.bin" 2>retried.log
same retried "$whole" 'retries through cuts'
parts=$(grep -c 'HTTP/1.1 206' retried.log) || fail 'its retries started over'

get -c -O whole "$BASE_URL/large.bin" 2>complete.log || fail "-c of a complete file: $(cat complete.log)"
has complete.log 'HTTP/1.1 416' '-c of a complete file'

# -N keeps the date that the server gave, and sends it back.
get -N "$BASE_URL/paper.pdf" 2>first.log
get -N "$BASE_URL/paper.pdf" 2>second.log
same paper.pdf "$DIR/paper.pdf" '-N'
has first.log 'HTTP/1.1 200' '-N for the first time'
has second.log 'HTTP/1.1 304' '-N for the second time'
echo "ok $NAME: whole, -c at $had, retried over $((parts + 1)) connections, 416, -N 304"
