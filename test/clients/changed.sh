#!/usr/bin/env bash
# A file that changes between two attempts, or during one, is never spliced into a download that counts as complete.
#
# This holds for clients that say which version they began with. `wget -c` and aria2 don't: they send a bare
# `Range: bytes=N-`, and aria2 then compares only positions and the total length. When the new version has the same
# size no server can tell their request from a first one, so there is nothing here that could hold for them.
set -euo pipefail
source "$(dirname "$0")/common.sh"
need curl curl
key=changing.bin
head -c 12000001 "$DIR/large.bin" >a
tail -c 12000001 "$DIR/large.bin" >b
replace() { $REPLACE "$key" "$(realpath "$1")" >&2; }
get() { timeout --foreground 30 curl -sS "$@"; }

# begin COPY: a third of version A, with the validators of A in $tag and $date.
begin() {
  replace a
  get -f -r 0-3999999 -o "$1" -D head "$BASE_URL/$key"
  partial "$1" a
  tag=$(field head etag)
  date=$(field head last-modified)
  [[ $tag == '"'*'"' ]] || fail "no strong entity tag: '$tag'"
}

begin kept
get -f -C - -H "If-Range: $tag" -o kept "$BASE_URL/$key" || fail 'an unchanged file was not continued'
same kept a 'If-Range of an unchanged file'

# curl cannot start over by itself: it takes a 200 to its continuation as an error (33) and keeps what it had.
refused() {
  code=0
  get -C - -H "$2" -o "$1" -D head "${@:3}" "$BASE_URL/$key" 2>error || code=$?
  partial "$1" a
}
begin tagged
replace b
refused tagged "If-Range: $tag"
has head '^HTTP/[0-9.]+ 200' 'If-Range with the tag of the old version'
[ "$code" -eq 33 ] || fail "If-Range with the tag of the old version: exit $code"
get -f -H "Range: bytes=4000000-" -H "If-Range: $tag" -o whole "$BASE_URL/$key"
same whole b 'If-Range with the tag of the old version'

begin dated
sleep 1.1 # or both versions are of the same second, which a date cannot tell apart
replace b
refused dated "If-Range: $date"
has head '^HTTP/[0-9.]+ 200' 'If-Range with the date of the old version'

begin matched
replace b
refused matched "If-Match: $tag" -f
has head '^HTTP/[0-9.]+ 412' 'If-Match with the tag of the old version'
[ "$code" -eq 22 ] || fail "If-Match with the tag of the old version: exit $code"

# During a transfer: the old version to its end, or a broken transfer with a true beginning of it. The sockets between
# hold some 10 MB, so the file has to be much longer, or the server was done with it before it changed.
ln -s "$DIR/large.bin" long-a
{ tail -c 25000001 long-a; head -c 25000002 long-a; } >long-b
replace long-a
get -f --limit-rate 8M -o during "$BASE_URL/$key" 2>error &
sleep 0.7
at=$(size during) # before, since local R2 lets a replacement wait for the readers
replace long-b
[ "$at" -gt 0 ] && [ "$at" -lt 30000000 ] || fail "replaced at byte $at, which is not in the middle"
if wait $!; then same during long-a 'replaced during the transfer'; ending=complete; else partial during long-a; ending=broken; fi
get -f -o after "$BASE_URL/$key"
same after long-b 'after the transfer'
echo "ok $NAME: If-Range by tag and by date give the new version whole, If-Match 412, replaced at byte $at of a transfer: the old one, $ending"
