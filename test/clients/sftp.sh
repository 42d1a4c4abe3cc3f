#!/usr/bin/env bash
# sftp, from rclone's server of SFTP that reads the listings: a whole file, and one that is continued.
# What it can't do, and why the gateway has no such server, is in docs/decisions/0034-what-is-out-of-resumable-transfer.md.
set -euo pipefail
source "$(dirname "$0")/common.sh"
need rclone rclone
need sftp openssh-client
whole=$DIR/large.bin

rclone --config "$WORK/none.conf" serve sftp ":http,url='$BASE_URL/':" --addr 127.0.0.1:0 --no-auth --read-only \
  --vfs-read-wait 5s -vv --dump headers >log 2>&1 &
for _ in $(seq 100); do
  port=$(sed -n 's/.*SFTP server listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' log)
  [ -z "$port" ] || break
  sleep 0.1
done
[ -n "$port" ] || fail "rclone does not listen: $(tail -n 3 log)"

# transfer LIMIT COMMAND: a command of sftp, with a limit in kbit/s or without (0).
transfer() {
  local limit=()
  [ "$1" -eq 0 ] || limit=(-l "$1")
  echo "$2" | timeout --foreground "${3:-40}" sftp -q -P "$port" "${limit[@]}" -b - -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null -o PreferredAuthentications=none,password x@127.0.0.1 >sftp.log 2>&1
}
# ranges: the requests for bytes of the file so far.
ranges() { grep -c '^Range: bytes=' log || true; }

transfer 0 'get large.bin whole' || fail "$(tail -n 3 sftp.log)"
same whole "$whole" 'get'
first=$(ranges)
[ "$first" -eq 1 ] || fail "get has sent $first ranges"

! transfer 80000 'get large.bin continued' 1.5 || fail 'get was not broken off'
partial continued "$whole"
transfer 0 'reget large.bin continued' || fail "$(tail -n 3 sftp.log)"
same continued "$whole" 'reget'
echo "ok $NAME: get in 1 range and reget in $(($(ranges) - first)) from rclone serve sftp"
