import { randomOf, type Random } from '../fuzz/random.ts';

/** Names of the fields that a storage keeps for an object, as they stand in a head. */
export const TEXT_FIELDS = [
  'content-type',
  'content-encoding',
  'content-language',
  'content-disposition',
  'cache-control',
  'expires',
] as const;
/** Those that only a storage itself sets. */
const OWN_FIELDS = ['etag', 'last-modified'] as const;

export type TextField = (typeof TEXT_FIELDS)[number];

/** An object with values in all fields: texts, for any driver, or bytes, for S3 alone. */
export interface StoredCase {
  readonly index: number;
  /** Ends in a file name of any characters. */
  readonly key: string;
  /** `undefined` for a case of bytes. */
  readonly texts: Readonly<Partial<Record<TextField, string>>> | undefined;
  /** The fields that S3 sends, name and value; `undefined` if a text can not be sent in a head. */
  readonly lines: readonly (readonly [name: string, value: Buffer])[] | undefined;
}

/** Values in each case. */
export const VALUES = TEXT_FIELDS.length + OWN_FIELDS.length;

/** The case of a seed, the same each time. */
export function storedCase(seed: number, index: number): StoredCase {
  const random = randomOf(seed, index);
  const key = `k${index}-${anyName(random)}`;
  // One long value a case: S3's heads have limits of their own.
  const long = random.oneIn(4) ? random.below(VALUES) : -1;
  if (random.oneIn(2)) {
    const names = [...TEXT_FIELDS, ...OWN_FIELDS];
    return { index, key, texts: undefined, lines: names.map((name, i) => [name, anyBytes(random, name, i === long)]) };
  }
  const texts = Object.fromEntries(
    TEXT_FIELDS.filter(() => !random.oneIn(8)).map((name, i) => [name, anyText(random, name, i === long)]),
  );
  const lines = Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)] as const);
  return { index, key, texts, lines: Object.values(texts).every(isFieldText) ? lines : undefined };
}

/** A lone surrogate has no bytes, and the others would end or forge a line. */
function isFieldText(text: string): boolean {
  return text.isWellFormed() && !/[\0\r\n]/.test(text);
}

const PIECES = [
  'f\u00fcr',
  '\u4e2d\u6587',
  '\u{1f600}',
  '\u{1f469}\u200d\u{1f467}',
  '\u2013',
  '\u202e',
  '\ufeff',
  '\u00a0',
  '\ufffd',
  '\u2028',

  'a',
  ' ',
  '\t',
  '.',
  ';',
  ',',
  '=',
  '"',
  '\\',
  '\\"',
  '%',
  '%C3%BC',
  "'",
  '/',
  '*',
  '(',
  '\u007f',
  '\u0001',
  '\u001b',

  'filename',
  'filename*',
  "UTF-8''",
  "iso-8859-1''",
  'attachment',
  'inline',
  '.txt',
  'x=y',
  'gzip',
  'no-transform',
  '0',
  '3600',
  '-1',
  'Tue, 01 Jan 2030 00:00:00 GMT',
  'Tuesday, 01-Jan-30 00:00:00 GMT',
  '2030-01-01T00:00:00Z',
] as const;
const USUAL: Readonly<Record<string, readonly string[]>> = {
  'content-type': ['text/plain', 'text/plain; charset=utf-8', 'text/\u00e9', 'application/zip'],
  'content-encoding': [
    'gzip',
    'aws-chunked',
    'AWS-Chunked, gzip',
    'gzip,aws-chunked',
    'br',
    'identity',
    'gzip, \u00e9',
  ],
  'content-language': ['de', 'en, fr', 'fran\u00e7ais'],
  'content-disposition': [
    'attachment; filename="f\u00fcr.txt"',
    'attachment; filename=\u4e2d.txt',
    `inline; filename="a"; filename*=UTF-8''%E4%B8%AD`,
    'attachment; filename="\u{1f600} \\" \\\\.txt"; size=3',
    'attachment',
  ],
  'cache-control': ['max-age=60', 'public, max-age=3600', 'private="x"', 'no-\u00e9'],
  expires: [
    '0',
    '3600',
    '-1',
    'Tue, 01 Jan 2030 00:00:00 GMT',
    'Tue Jan  1 00:00:00 2030',
    'Thu, 01 Jan 1900 00:00:00 GMT',
  ],
  etag: ['"abc"', 'W/"abc"', '"\u00e9"', '"a,b"', 'abc', '"a"b"', '""'],
  'last-modified': ['Wed, 01 Jan 2020 00:00:00 GMT', '2020-01-01', '0', 'Wednesday, 01-Jan-20 00:00:00 GMT'],
};

function several(random: Random, most: number, one: () => string): string {
  return Array.from({ length: random.below(most + 1) }, one).join('');
}

function anyText(random: Random, name: string, isLong: boolean): string {
  if (isLong) return random.pick(['a', '\u4e2d', 'f\u00fc ']).repeat(1 + random.below(9_000));
  switch (random.below(16)) {
    case 0:
      return '';
    case 1:
      return `a\r\nX-Injected: ${name}`;
    case 2:
      return random.pick(['\ud800', 'a\udfffb', '"\ud83d"', 'attachment; filename="a\ud800b.txt"']);
    case 3:
      return random.pick(['a\rb', 'a\nb', 'a\0b']);
    case 4:
    case 5:
    case 6:
      return several(random, 12, () => random.pick(PIECES));
    case 7:
      return several(random, 30, () => String.fromCharCode(random.below(0x10000)));
    default:
      return random.pick(USUAL[name] ?? ['']);
  }
}

function anyBytes(random: Random, name: string, isLong: boolean): Buffer {
  const length = isLong ? random.below(6_000) : random.below(30);
  switch (random.below(8)) {
    case 0:
      return Buffer.from(Array.from({ length }, () => anyByte(random)));
    case 1:
      return Buffer.from(Array.from({ length }, () => 0x80 + random.below(128)));
    case 2:
      return Buffer.from(`attachment; filename="f${String.fromCharCode(0x80 + random.below(128))}r.txt"`, 'latin1');
    case 3:
      // Hardly ever: such a head is refused as a whole.
      return random.oneIn(20) ? Buffer.from([0x61, random.pick([0, 0x0a, 0x0d]), 0x62]) : Buffer.from('a');
    default: {
      const text = anyText(random, name, isLong).toWellFormed();
      return Buffer.from(text.replace(/[\0\r\n]/g, ''));
    }
  }
}

/** Any but those that end a line. */
function anyByte(random: Random): number {
  const byte = random.below(256);
  return byte === 0 || byte === 0x0a || byte === 0x0d ? 0x61 : byte;
}

/** Of at most some 100 bytes, without a segment that is dots alone, which no key may have. */
function anyName(random: Random): string {
  const name = several(random, 8, () =>
    random.pick([...PIECES, '.png', '.html', '.tar.gz', 'con', '\u{1f600}'.repeat(3)]),
  );
  return name
    .replace(/[/\0]|\\(?=\.)/g, '_')
    .slice(0, 40)
    .toWellFormed();
}
