#!/usr/bin/env bash
# zsync: an old copy of the file on the disk, the blocks that differ by requests of many ranges each.
set -euo pipefail
source "$(dirname "$0")/common.sh"
need zsync zsync
changes=150
cp "$DIR/image.bin" old
# Every change is in blocks of its own, so none of the ranges can be joined with the next.
for ((i = 0; i < changes; i++)); do
  printf 'changed here %s' "$i" | dd of=old bs=1 seek=$((30000 + i * 59000)) conv=notrunc status=none
done
timeout --foreground 40 zsync -i old -o new "$BASE_URL/image.bin.zsync" >log 2>&1 || fail "$(tail -n 5 log)"
same new "$DIR/image.bin" 'zsync'
fetched=$(sed -n 's/.*fetched \([0-9]*\).*/\1/p' log)
# A server that answers with the whole file makes zsync give up or fetch far more than the changed blocks.
[ "${fetched:-0}" -ge $((changes * 2048)) ] && [ "$fetched" -le $((changes * 3 * 2048)) ] || fail "fetched ${fetched:-nothing}: $(tail -n 5 log)"
echo "ok $NAME: $changes changes in 9 MB, $fetched bytes fetched"
