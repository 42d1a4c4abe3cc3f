import { withCharset } from '../http/index.ts';

/**
 * Media types and the endings of names that they stand for: those of downloads. A Worker has no room for the package
 * `mime` (5 KiB of gzip for its smaller half), which folders use; both give the same type for each ending here.
 */
const ENDINGS = {
  'application/dash+xml': 'mpd',
  'application/epub+zip': 'epub',
  'application/geo+json': 'geojson',
  'application/gzip': 'gz',
  'application/java-archive': 'jar',
  'application/json': 'json map',
  'application/ld+json': 'jsonld',
  'application/manifest+json': 'webmanifest',
  'application/msword': 'doc',
  'application/pdf': 'pdf',
  'application/pgp-keys': 'asc',
  'application/pgp-signature': 'sig',
  'application/rtf': 'rtf',
  'application/toml': 'toml',
  'application/vnd.android.package-archive': 'apk',
  'application/vnd.apple.mpegurl': 'm3u8',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.ms-powerpoint': 'ppt',
  'application/vnd.oasis.opendocument.spreadsheet': 'ods',
  'application/vnd.oasis.opendocument.text': 'odt',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.rar': 'rar',
  'application/wasm': 'wasm',
  'application/x-7z-compressed': '7z',
  'application/x-bittorrent': 'torrent',
  'application/x-bzip2': 'bz2',
  'application/x-redhat-package-manager': 'rpm',
  'application/x-sh': 'sh',
  'application/x-tar': 'tar',
  'application/x-xz': 'xz',
  'application/xml': 'xml',
  'application/zip': 'zip',
  'audio/aac': 'aac',
  'audio/mp4': 'm4a m4b',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'oga ogg opus',
  'audio/wav': 'wav',
  'audio/x-flac': 'flac',
  'font/otf': 'otf',
  'font/ttf': 'ttf',
  'font/woff': 'woff',
  'font/woff2': 'woff2',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/gif': 'gif',
  'image/heic': 'heic',
  'image/jpeg': 'jpeg jpg',
  'image/png': 'png',
  'image/svg+xml': 'svg',
  'image/tiff': 'tif tiff',
  'image/vnd.microsoft.icon': 'ico',
  'image/webp': 'webp',
  'model/gltf+json': 'gltf',
  'model/gltf-binary': 'glb',
  'model/stl': 'stl',
  'text/calendar': 'ics',
  'text/css': 'css',
  'text/csv': 'csv',
  'text/html': 'htm html',
  'text/javascript': 'js mjs',
  'text/markdown': 'md',
  'text/plain': 'log txt',
  'text/tab-separated-values': 'tsv',
  'text/vtt': 'vtt',
  'text/yaml': 'yaml yml',
  'video/mp2t': 'ts',
  'video/mp4': 'mp4',
  'video/mpeg': 'mpeg mpg',
  'video/ogg': 'ogv',
  'video/quicktime': 'mov',
  'video/webm': 'webm',
  'video/x-m4v': 'm4v',
  'video/x-matroska': 'mkv',
  'video/x-msvideo': 'avi',
} as const;

const TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries(ENDINGS).flatMap(([type, endings]) => endings.split(' ').map((ending) => [ending, withCharset(type)])),
);

/**
 * Returns the Content-Type for an object that has none stored, by the ending of its key in any case.
 *
 * @returns `undefined` for an ending that is not known, and for a key without one, such as `.html` or `a.b/c`
 */
export function typeByEnding(key: string): string | undefined {
  const [, ending] = /[^/]\.([^./]+)$/.exec(key) ?? [];
  return ending === undefined ? undefined : TYPES.get(ending.toLowerCase());
}

/**
 * Returns the Content-Type of an object: the stored one, else one by the ending of its key. An empty value counts as
 * none, because some platforms drop empty fields and others do not.
 */
export function storedType(stored: string | undefined, key: string): string | undefined {
  return stored === undefined || stored.trim() === '' ? typeByEnding(key) : stored;
}
