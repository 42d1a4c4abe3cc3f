#!/usr/bin/env bash
# zchunk, as in dnf's metadata: an old file as the source, the other chunks in one request of some 250 ranges.
set -euo pipefail
source "$(dirname "$0")/common.sh"
need zckdl zchunk
need zck zchunk
# Every third entry differs, so no two of the missing chunks are neighbours.
sed '2~3s/$/ changed/' "$DIR/package.txt" >package.txt
zck -u -m -s '<package>' -o old.zck package.txt
# --fail-no-ranges: or zckdl would take the whole file without a word.
timeout --foreground 40 zckdl -v --fail-no-ranges -s old.zck "$BASE_URL/package.zck" >log 2>&1 || fail "$(tail -n 5 log)"
same package.zck "$DIR/package.zck" 'zckdl'
# It tries fewer and fewer ranges at once if it does not get all parts, down to one: slow, but without an error.
! grep -a 'too many ranges' log >&2 || fail 'several ranges were not answered with several parts'
parts=$(grep -c 'multipart_extract: Download range' log) || fail "no several parts: $(tail -n 5 log)"
echo "ok $NAME: $(size old.zck) bytes there, $parts parts taken from answers of up to 255: $(tail -n 1 log)"
