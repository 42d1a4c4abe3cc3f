#!/usr/bin/env bash
# GDAL reads a window of a GeoTIFF over HTTP: many tiles, in one request of several ranges and one range at a time.
set -euo pipefail
source "$(dirname "$0")/common.sh"
need gdal_translate gdal-bin
remote=/vsicurl/$BASE_URL/map.tif
# Without EMPTY_DIR GDAL asks for a listing and for side files that don't exist.
export GDAL_DISABLE_READDIR_ON_OPEN=EMPTY_DIR GDAL_PAM_ENABLED=NO CPL_CURL_VERBOSE=YES GDAL_CACHEMAX=64

# window OUT: four tiles wide and all tiles high, so each row of tiles is one range, far from the next.
window() { timeout --foreground 30 gdal_translate -q -srcwin 1100 0 900 4096 "$1" "$2"; }
# checksum FILE: of the pixels, not of the file.
checksum() { gdalinfo -checksum "$1" 2>/dev/null | sed -n 's/.*Checksum=//p'; }

window "$DIR/map.tif" local.tif 2>/dev/null
wanted=$(checksum local.tif)

for way in SINGLE_GET SERIAL; do
  GDAL_HTTP_MULTIRANGE=$way window "$remote" "$way.tif" >"$way.log" 2>&1 || fail "$way: $(grep -a ERROR "$way.log" | tail -n 3)"
  same "$way.tif" local.tif "the window read with GDAL_HTTP_MULTIRANGE=$way"
  [ "$(checksum "$way.tif")" = "$wanted" ] || fail "$way: other pixels"
done
has SINGLE_GET.log '^range: bytes=[0-9]+-[0-9]+,' 'no request of several ranges'
has SINGLE_GET.log '^< content-type: multipart/byteranges' 'no answer of several parts'
several=$(sed -n 's/^Range: bytes=//Ip' SINGLE_GET.log | tr -cd ',\n' | awk '{ if (length > n) n = length } END { print n + 1 }')
echo "ok $NAME: $(gdalinfo --version | cut -d, -f1), 900 x 4096 pixels by $several ranges in one request and by single ones, checksum $wanted"
