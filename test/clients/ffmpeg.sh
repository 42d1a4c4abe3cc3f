#!/usr/bin/env bash
# ffmpeg seeks in a film whose index is at its end: the head, the tail, then a few bytes near the wanted picture.
set -euo pipefail
source "$(dirname "$0")/common.sh"
need ffmpeg ffmpeg
total=$(size "$DIR/film.mp4")

# frames SECONDS INPUT: a digest of each of ten pictures from there on.
frames() { timeout --foreground 30 ffmpeg -nostdin -v debug -seekable 1 -ss "$1" -i "$2" -map 0:v -frames:v 10 -f framemd5 - 2>"$3"; }
# A local file takes no -seekable.
wanted() { ffmpeg -nostdin -v error -ss "$1" -i "$DIR/film.mp4" -map 0:v -frames:v 10 -f framemd5 -; }

read_bytes=0
for at in 57.3 3.1 30; do
  wanted "$at" >local.md5
  frames "$at" "$BASE_URL/film.mp4" log >remote.md5 || fail "at $at s: $(tail -n 3 log)"
  grep -q '^0,' local.md5 || fail "no picture at $at s of the local file"
  same remote.md5 local.md5 "the pictures at $at s"
  has log 'range: bytes=[1-9]' "at $at s no range was asked for"
  n=$(sed -n 's/.*Statistics: \([0-9]*\) bytes read.*/\1/p' log | awk '{ n += $1 } END { print n + 0 }')
  # A server without ranges would have to send all that is before the picture.
  [ "$n" -gt 0 ] && [ "$n" -lt $((total / 2)) ] || fail "at $at s it read $n bytes of $total"
  read_bytes=$((read_bytes + n))
done

# With -reconnect ffmpeg reads on after a cut, at the byte where it stopped.
timeout --foreground 40 ffmpeg -nostdin -v error -reconnect 1 -i "$CUT_ONCE_URL/film.mp4" -map 0:v -c copy -f framemd5 all.md5 2>cut.log || fail "$(tail -n 3 cut.log)"
ffmpeg -nostdin -v error -i "$DIR/film.mp4" -map 0:v -c copy -f framemd5 whole.md5
same all.md5 whole.md5 'the whole film through a cut'
echo "ok $NAME: 10 pictures each at 57.3, 3.1 and 30 s, $read_bytes bytes read of 3 x $total, the whole film through a cut"
