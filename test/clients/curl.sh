#!/usr/bin/env bash
# curl: whole, ranges in each form, continuing after cuts, and asking by entity tag.
set -euo pipefail
source "$(dirname "$0")/common.sh"
need curl curl
whole=$DIR/large.bin
total=$(size "$whole")
get() { timeout --foreground 30 curl -sS -f "$@"; }

get -o whole "$BASE_URL/large.bin"
same whole "$whole" 'a whole download'

get -o cut "$CUT_URL/large.bin" 2>cut.log && fail 'a connection that was cut counted as a complete download'
partial cut "$whole"
had=$(size cut)
got=$(get -C - -o cut -w '%{size_download}' "$BASE_URL/large.bin")
same cut "$whole" "continuing at $had"
[ "$got" -eq $((total - had)) ] || fail "continuing at $had of $total transferred $got bytes"

# Up to 8.x, curl's own --retry goes back to where this run of curl began, so only a run of its own continues at the cut.
tries=1
until get -C - -o often "$CUT_URL/large.bin" 2>>cut.log; do
  tries=$((tries + 1))
  [ "$tries" -le 12 ] || fail 'twelve runs that continued did not complete the file'
done
same often "$whole" "continuing over $tries connections"

head -c 1000000 "$whole" >retried
get --retry 5 --retry-delay 1 --retry-all-errors -C - -o retried -D retried.head "$CUT_ONCE_URL/large.bin" 2>>cut.log
same retried "$whole" 'a retry after a cut'
has retried.head "^content-range: bytes 1000000-$((total - 1))/$total" 'a retry after a cut'

# The range is checked by its bytes and by the position that the server says it has.
one_range() {
  get -r "$1" -o part -D part.head "$BASE_URL/large.bin"
  has part.head '^HTTP/[0-9.]+ 206' "-r $1"
  has part.head "^content-range: bytes $2/$total" "-r $1"
  same part <(tail -c "+$(($3 + 1))" "$whole" | head -c "$4" || true) "-r $1"
}
one_range 0-99 0-99 0 100
one_range -100 "$((total - 100))-$((total - 1))" $((total - 100)) 100
one_range 100- "100-$((total - 1))" 100 $((total - 100))

get -r 0-0,-1 -o parts -D parts.head "$BASE_URL/large.bin"
has parts.head '^content-type: multipart/byteranges; *boundary=' '-r 0-0,-1'
has parts "^content-range: bytes 0-0/$total" '-r 0-0,-1'
has parts "^content-range: bytes $((total - 1))-$((total - 1))/$total" '-r 0-0,-1'

# A file that is complete already: 416 tells curl that there is nothing left.
code=$(timeout --foreground 30 curl -sS -C - -o whole -w '%{http_code}' "$BASE_URL/large.bin")
[ "$code" = 416 ] || fail "continuing a complete file got $code"
same whole "$whole" 'continuing a complete file'

get --etag-save tag -o tagged "$BASE_URL/paper.pdf"
answer=$(get --etag-compare tag -o again -w '%{http_code} %{size_download}' "$BASE_URL/paper.pdf")
[ "$answer" = '304 0' ] || fail "asking with the saved tag $(cat tag) got: status and bytes $answer"
echo "ok $NAME: whole, continued at $had, over $tries connections, --retry, 3 forms of one range and 2 ranges, 416, 304"
