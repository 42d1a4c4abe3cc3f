#!/usr/bin/env bash
# Makes every file that the client scripts download: fixtures.sh DIR. The same bytes on every run with the same programs.
set -euo pipefail
mkdir -p "$1"
cd "$1"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# noise SEED BYTES: does not repeat and does not compress, so bytes from a wrong offset never go unnoticed.
# head closing the pipe is how this ends, hence the ignored status of openssl.
noise() {
  { openssl enc -aes-128-ctr -nosalt -K "$(printf %032x "$1")" -iv 0 -in /dev/zero 2>/dev/null || true; } | head -c "$2"
}

# Sizes that are no multiple of any block, so that the last block is always a short one.
noise 1 50000003 >large.bin
noise 2 12000001 >changing.bin
noise 3 9000007 >image.bin
# The .zsync file carries the date of its target: an old one, or it would differ on every run.
touch -d @1700000000 image.bin
zsyncmake -b 2048 -u image.bin -o image.bin.zsync image.bin 2>/dev/null
# As in a repository's metadata every entry is a chunk of its own.
noise 4 9000011 | base64 -w 8000 | sed 's/^/<package>/' >package.txt
zck -u -m -s '<package>' -o package.zck package.txt
noise 5 6000001 >"$WORK/payload"

# A tree to mirror, with the characters that listings have to escape.
mkdir -p 'tree/sub folder/deeper' 'tree/a&b <c>' tree/日本語
for i in 1 2 3 4 5; do noise $((100 + i)) $((10007 * i)) >"tree/$i.bin"; done
noise 110 20011 >'tree/sub folder/ä #1?.bin'
noise 111 30011 >'tree/sub folder/deeper/100%.bin'
noise 112 40011 >"tree/a&b <c>/it's \"quoted\".bin"
noise 113 50021 >tree/日本語/ファイル.bin
: >tree/empty
# More files than a storage lists at once.
mkdir tree/many
for i in $(seq 1 1200); do printf '%s' "$i" >"tree/many/$i.txt"; done
find tree -exec touch -d @1700000000 {} +

# What a viewer of PDFs reads first: the head, and from the end `startxref`.
{
  printf '%%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n2 0 obj\n<< /Length 3000000 >>\nstream\n'
  noise 6 3000000
  printf '\nendstream\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%%%EOF\n'
} >paper.pdf

# Uncompressed tiles: then every tile is a byte range of its own that a reader asks for.
noise 7 16777216 >"$WORK/raster"
printf 'ENVI\nsamples = 4096\nlines = 4096\nbands = 1\nheader offset = 0\ndata type = 1\ninterleave = bsq\nbyte order = 0\n' >"$WORK/raster.hdr"
gdal_translate -q -of GTiff -co TILED=YES -co COMPRESS=NONE -a_srs EPSG:3857 -a_ullr 0 4096 4096 0 "$WORK/raster" map.tif
rm -f map.tif.aux.xml

# Without +faststart the index (moov) comes last: a player has to fetch the tail before it can show anything.
ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=size=640x360:rate=25:duration=60 \
  -vf noise=alls=30:allf=t -c:v libx264 -threads 1 -preset ultrafast -profile:v baseline -pix_fmt yuv420p -g 50 \
  -b:v 2200k -maxrate 2200k -bufsize 4400k -flags +bitexact -fflags +bitexact film.mp4

# A package archive of one package, unsigned: its reader says [trusted=yes].
mkdir -p "$WORK/deb/DEBIAN" "$WORK/deb/usr/share/rangeway-payload" apt/pool
mv "$WORK/payload" "$WORK/deb/usr/share/rangeway-payload/payload"
printf 'Package: rangeway-payload\nVersion: 1.0\nArchitecture: all\nMaintainer: Rangeway <nobody@localhost>\nDescription: bytes to download\n' >"$WORK/deb/DEBIAN/control"
find "$WORK/deb" -exec touch -d @1700000000 {} +
SOURCE_DATE_EPOCH=1700000000 dpkg-deb -Znone --root-owner-group --build "$WORK/deb" apt/pool/rangeway-payload_1.0_all.deb >/dev/null
(
  cd apt
  deb=pool/rangeway-payload_1.0_all.deb
  {
    cat "$WORK/deb/DEBIAN/control"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n' "$deb" "$(stat -c %s $deb)" "$(sha256sum $deb | cut -d' ' -f1)"
  } >Packages
  printf 'Origin: rangeway\nSuite: ./\nDate: Tue, 14 Nov 2023 22:13:20 UTC\nArchitectures: all\nSHA256:\n %s %s Packages\n' \
    "$(sha256sum Packages | cut -d' ' -f1)" "$(stat -c %s Packages)" >Release
)
