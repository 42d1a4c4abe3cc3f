/** Field lines as real clients send them, for an object with the tag "v1" of the date below. */
const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';

/** Downloaders, players, updaters, package managers and map libraries. */
export const CLIENT_LINES: readonly (readonly (readonly [name: string, value: string])[])[] = [
  // curl, wget, aria2
  [['Range', 'bytes=5-']],
  [['If-None-Match', '"v1"']],
  [['If-Modified-Since', DATE]],
  // axel, lftp, rclone
  [['Range', 'bytes=0-']],
  // browsers that continue a download
  [
    ['Range', 'bytes=5-'],
    ['If-Range', '"v1"'],
  ],
  [
    ['Range', 'bytes=5-'],
    ['If-Match', '"v1"'],
    ['If-Unmodified-Since', DATE],
  ],
  [
    ['Range', 'bytes=5-'],
    ['If-Unmodified-Since', DATE],
  ],
  // apt
  [
    ['Range', 'bytes=5-'],
    ['If-Range', DATE],
  ],
  // players
  [['Range', 'bytes=0-1']],
  // caches that look again
  [
    ['If-None-Match', 'W/"v1"'],
    ['If-Modified-Since', DATE],
  ],
  // zsync, zchunk, electron-updater
  [
    ['Range', 'bytes=0-1,4-5,8-9'],
    ['If-Unmodified-Since', DATE],
  ],
  [['Range', 'bytes=0-1, 4-5, 8-9']],
  // GDAL, archives read from their end
  [['Range', 'bytes=0-16383']],
  [['Range', 'bytes=-65536']],
];
