import { expect, test } from 'vitest';
import { mediaType } from '../../src/store/drivers/fs/fs-store.ts';
import { typeByEnding } from '../../src/store/media-type.ts';

/** Endings of downloads, of which each has a type in folders, too. */
const COMMON =
  '7z aac apk asc avi avif bmp bz2 css csv doc docx epub flac geojson gif glb gltf gz heic htm html ico ics jar jpeg jpg js json jsonld log m3u8 m4a m4b m4v map md mjs mkv mov mp3 mp4 mpd mpeg mpg ods odt oga ogg ogv opus otf pdf png ppt pptx rar rpm rtf sh sig stl svg tar tif tiff toml torrent ts tsv ttf txt vtt wasm wav webm webmanifest webp woff woff2 xls xlsx xml xz yaml yml zip';

test.each(COMMON.split(' '))('.%s has the type that a folder gives it', (ending) => {
  expect(typeByEnding(`a.${ending}`)).toBe(mediaType(`a.${ending}`));
  expect(typeByEnding(`A.${ending.toUpperCase()}`)).toBe(mediaType(`a.${ending}`));
});

test.each(['html', 'mp4', '.html', 'a.b/html', 'a/.html', 'constructor', 'a.constructor', 'a.__proto__'])(
  '%j has none, and a folder does not guess either',
  (key) => {
    expect(typeByEnding(key)).toBeUndefined();
    expect(mediaType(key)).toBe('application/octet-stream');
  },
);
