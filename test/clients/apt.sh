#!/usr/bin/env bash
# apt: an archive of its own; continues a partial package by If-Range with the date, and asks for the index by date.
set -euo pipefail
source "$(dirname "$0")/common.sh"
need apt-get apt
deb=rangeway-payload_1.0_all.deb
whole=$DIR/apt/pool/$deb
mkdir -p root/etc/apt/{sources.list.d,preferences.d,apt.conf.d,trusted.gpg.d} root/var/lib/apt/lists/partial root/var/cache/apt/archives/partial root/var/lib/dpkg
: >root/var/lib/dpkg/status
echo "deb [trusted=yes] $BASE_URL/apt ./" >root/etc/apt/sources.list
# APT_CONFIG, because the machine's own configuration is read before any option.
cat >apt.conf <<END
Dir "$WORK/root";
Dir::State::status "$WORK/root/var/lib/dpkg/status";
APT::Architecture "amd64";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "0";
Acquire::http::Proxy "DIRECT";
Debug::Acquire::http "true";
END
get() { APT_CONFIG=$WORK/apt.conf LC_ALL=C timeout --foreground 30 apt-get -q "$@"; }

get update >first.log 2>&1 || fail "$(tail -n 5 first.log)"
get update >second.log 2>&1 || fail "$(tail -n 5 second.log)"
has second.log '^If-Modified-Since:' 'the second update'
has second.log 'HTTP/1.1 304' 'the second update'

# continue_with WHAT DATE: downloads with 2,000,000 bytes there that have this date.
continue_with() {
  rm -f "root/var/cache/apt/archives/$deb"
  part=root/var/cache/apt/archives/partial/$deb
  head -c 2000000 "$whole" >"$part"
  touch -d "$2" "$part"
  get -y --download-only install rangeway-payload >"$1.log" 2>&1 || fail "$1: $(tail -n 5 "$1.log")"
  same "root/var/cache/apt/archives/$deb" "$whole" "$1"
  has "$1.log" '^If-Range: .* GMT' "$1"
  has "$1.log" '^Range: bytes=2000000-' "$1"
}
timeout --foreground 10 curl -sSf -I -o head "$BASE_URL/apt/pool/$deb"
continue_with current "$(field head last-modified)"
has current.log 'HTTP/1.1 206' 'a partial package of the same date'
continue_with other '2001-02-03 04:05:06 UTC'
has other.log 'HTTP/1.1 200' 'a partial package of another date'
echo "ok $NAME: update twice (304), 2000000 of $(size "$whole") bytes there: continued by date (206), another date starts over (200)"
