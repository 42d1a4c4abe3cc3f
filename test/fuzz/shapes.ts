import type { RangePolicy, Representation } from '../../src/http/index.ts';
import type { Random } from './random.ts';

/** When all cases happen, in seconds. */
export const NOW = Date.UTC(2026, 6, 1) / 1000;

const SIZES = [0, 1, 2, 10, 11, 100, 5_000, 1_000_000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, 2 ** 53 - 2, 2 ** 53 - 1];
const TAGS = ['v1', 'v2', '', 'a,b', 'd41d8cd98f00b204e9800998ecf8427e-12', '\u00e9', 'W/', '*'];
/** Around `now`, around the epoch, of years that IMF-fixdate has no room for, and none at all. */
const DATES = [
  ...[784_111_777, NOW - 86_400, NOW - 1, NOW, NOW + 1, NOW + 86_400].map((seconds) => new Date(seconds * 1000 + 250)),
  ...[0, -1, 253_402_300_800_000, 8.64e15, Number.NaN].map((ms) => new Date(ms)),
];
/** Dates in all forms, and what is none. */
const EXPIRES = [
  'Tue, 01 Jan 2030 00:00:00 GMT',
  'Tuesday, 01-Jan-30 00:00:00 GMT',
  'Tue Jan  1 00:00:00 2030',
  'Mon, 01 Jan 1900 00:00:00 GMT',
  '0',
  '3600',
  '2030-01-01',
  'ma\u00f1ana',
  '0\r\nX: y',
  '',
];
const TEXTS = ['', 'text/plain', 'caf\u00e9', 'a\r\nX: y', '\u65e5\u672c', ' ', 'no-transform', 'gzip', 'a\0b'];

/** An object as a storage may have it. Strong tags and usual dates are more frequent than the others. */
export function anyRepresentation(random: Random): Representation {
  const text = () => (random.oneIn(2) ? undefined : random.pick(TEXTS));
  return {
    size: random.oneIn(8) ? random.below(2 ** 53) : random.pick(SIZES),
    etag: random.oneIn(6) ? undefined : { weak: random.oneIn(5), opaque: random.pick(TAGS) },
    lastModified: random.oneIn(6) ? undefined : random.pick(DATES),
    isDateStrong: !random.oneIn(6),
    ...(random.oneIn(4)
      ? {
          contentType: text(),
          contentEncoding: text(),
          contentLanguage: text(),
          contentDisposition: text(),
          cacheControl: text(),
          expires: random.oneIn(2) ? undefined : random.pick(EXPIRES),
        }
      : { contentType: 'application/zip' }),
  };
}

/** The default settings (config/settings.ts). */
const DEFAULT_POLICY: RangePolicy = {
  headRange: false,
  maxRanges: 1_000,
  maxFieldLength: 32 * 1024,
  maxReads: 256,
  nearGap: 64 * 1024,
  maxGapBytes: 64 * 1024 * 1024,
};

/** The default one, or one as tight or as loose as settings allow. */
export function anyPolicy(random: Random): RangePolicy {
  if (!random.oneIn(4)) return DEFAULT_POLICY;
  return {
    headRange: random.oneIn(2),
    maxRanges: random.pick([0, 1, 2, 10, 10_000]),
    maxFieldLength: random.pick([0, 20, 200, 1024 * 1024]),
    maxReads: random.pick([0, 1, 2, 10, 10_000]),
    nearGap: random.pick([0, 1, 100, Number.MAX_SAFE_INTEGER]),
    maxGapBytes: random.pick([0, 1, 100, Number.MAX_SAFE_INTEGER]),
  };
}
