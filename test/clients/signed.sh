#!/usr/bin/env bash
# One signed link: several connections by aria2, a download broken off and continued by curl, and nothing without it.
set -euo pipefail
source "$(dirname "$0")/common.sh"
need aria2c aria2
need curl curl
whole=$DIR/large.bin
total=$(size "$whole")
link=$($SIGN "$BASE_URL/signed/large.bin" --expires 10m --filename 'a “name”.bin' 2>sign.log)
# through URL LINK: the same link through another port; host and port are not signed.
through() { echo "$1${2#"$BASE_URL"}"; }
# status URL: of the answer, and how many bytes it has.
status() { timeout --foreground 30 curl -sS -o answer -w '%{http_code}' "$@"; }

timeout --foreground 40 aria2c --no-conf -q --log-level=info --log=aria2.log -x4 -s4 -k1M --file-allocation=none \
  -o aria2 "$link" || fail "aria2: $(grep -aE 'ERROR|errorCode' aria2.log | tail -n 3)"
same aria2 "$whole" 'aria2 -x4 with one link'
split=$(grep -c '^Range: bytes=' aria2.log) || true
[ "$split" -ge 3 ] || fail "-x4 -s4 made $split requests with a Range, so it was not split"

timeout --foreground 30 curl -sS -f -o cut "$(through "$CUT_URL" "$link")" 2>cut.log && fail 'a cut counted as the end'
partial cut "$whole"
had=$(size cut)
got=$(timeout --foreground 30 curl -sS -f -C - -o cut -D head -w '%{size_download}' "$link")
same cut "$whole" "continuing at $had"
[ "$got" -eq $((total - had)) ] || fail "continuing at $had of $total transferred $got bytes"
has head '^cache-control: private' 'what a link opens'
has head "^content-disposition: attachment; filename=.*filename\*=UTF-8''a%20%E2%80%9Cname%E2%80%9D\.bin" '--filename'

[ "$(status "$BASE_URL/signed/large.bin")" = 403 ] || fail 'no link is needed'
[ "$(status "${link%?}")" = 403 ] || fail 'a link without its last character opens'
[ "$(status "${link/large.bin/paper.pdf}")" = 403 ] || fail 'a link opens another file'
short=$($SIGN "$BASE_URL/signed/large.bin" --expires 1s 2>sign.log)
sleep 2
[ "$(status -r 1000- "$short")" = 403 ] || fail 'an expired link opens'
has answer 'expired' 'continuing with an expired link'
echo "ok $NAME: aria2 -x4 in $split ranges, curl continued at $had, both with one link; none, a cut, another and an expired one got 403"
