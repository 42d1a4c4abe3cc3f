#!/usr/bin/env bash
# rclone: a copy in four streams, a copy of a URL, and a piece of a file. No listings: each file is named.
set -euo pipefail
source "$(dirname "$0")/common.sh"
need rclone rclone
whole=$DIR/large.bin
remote=":http,url='$BASE_URL':large.bin"
get() { timeout --foreground 40 rclone --config "$WORK/none.conf" --retries 1 "$@"; }

get copyto "$remote" whole --multi-thread-streams 4 --multi-thread-cutoff 10M -vv --dump headers >log 2>&1 || fail "$(tail -n 3 log)"
same whole "$whole" 'a copy in four streams'
streams=$(grep -c '^Range: bytes=' log) || fail 'the copy was not made of ranges'
[ "$streams" -ge 4 ] || fail "the copy was made of $streams ranges"
# rclone keeps the date of the server; from it, it sees that there is nothing to do.
get copyto "$remote" whole -vv >again.log 2>&1
has again.log 'unchanged skipping' 'copying an unchanged file'

get copyurl "$BASE_URL/large.bin" url 2>log || fail "$(tail -n 3 log)"
same url "$whole" 'copyurl'

get copyto ":http,url='$CUT_ONCE_URL':large.bin" cut --low-level-retries 5 --multi-thread-streams 4 --multi-thread-cutoff 10M 2>log || fail "$(tail -n 3 log)"
same cut "$whole" 'a copy through a cut'

# To cat one file rclone would list its folder, unless it is told the names and not to look.
echo large.bin >names
piece=(cat ":http,url='$BASE_URL':" --files-from names --no-traverse)
get "${piece[@]}" --offset 12345678 --count 54321 >piece
same piece <(tail -c +12345679 "$whole" | head -c 54321 || true) 'cat --offset --count'
get "${piece[@]}" --tail 1000 >tail
same tail <(tail -c 1000 "$whole") 'cat --tail'
echo "ok $NAME: $(rclone version | head -n 1), $streams ranges in 4 streams, copyurl, through a cut, a piece and the tail by cat"
