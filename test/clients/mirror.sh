#!/usr/bin/env bash
# rclone, wget and lftp: a tree of folders is mirrored from its listings. rclone and lftp read one page of a folder alone,
# so the gateway has the setting listingLimit.
set -euo pipefail
source "$(dirname "$0")/common.sh"
need rclone rclone
need wget wget
need lftp lftp
tree=$DIR/tree

# mirrored FOLDER WHAT: the same names, and the same bytes.
mirrored() {
  diff -r -- "$1" "$tree" >&2 || fail "$2 differs"
}

timeout --foreground 40 rclone --config "$WORK/none.conf" copy ":http,url='$BASE_URL/tree/':" rclone-tree 2>log || fail "$(tail -n 3 log)"
mirrored rclone-tree 'the copy of rclone'
listed=$(timeout --foreground 40 rclone --config "$WORK/none.conf" lsf ":http,url='$BASE_URL/tree/many/':" | wc -l)
[ "$listed" -eq 1200 ] || fail "rclone lsf lists $listed of 1200 files"
mkdir wget-tree
(cd wget-tree && timeout --foreground 40 wget -q -r -np -nH --cut-dirs=1 -R 'index.html*' "$BASE_URL/tree/") || fail 'wget -r failed'
mirrored wget-tree 'the tree of wget -r'
timeout --foreground 40 lftp -c "set net:max-retries 1; mirror $BASE_URL/tree/ lftp-tree" >log 2>&1 || fail "$(tail -n 3 log)"
mirrored lftp-tree 'the mirror of lftp'
# Without changes nothing is copied again.
timeout --foreground 40 lftp -c "set net:max-retries 1; mirror --verbose $BASE_URL/tree/ lftp-tree" >again.log 2>&1 || fail "$(tail -n 3 again.log)"
! grep -q 'Transferring' again.log || fail "lftp copies again: $(cat again.log)"
echo "ok $NAME: $(find "$tree" -type f | wc -l) files in $(find "$tree" -type d | wc -l) folders by rclone copy, wget -r and lftp mirror"
