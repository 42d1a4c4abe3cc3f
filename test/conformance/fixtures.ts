import { gzipSync } from 'node:zlib';

/** An object that every store under test holds before the cases run. */
export type Fixture = {
  /** The object's key: no leading slash, not percent-encoded. */
  readonly key: string;
  readonly bytes: Uint8Array;
  /** The media type that a folder derives from the extension of the key, so all stores agree. */
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly cacheControl?: string;
};

const binary = 'application/octet-stream';
const text = 'text/plain; charset=utf-8';
const html = 'text/html; charset=utf-8';

/**
 * The same `length` bytes on every run (mulberry32). Noise, so that bytes from a wrong offset can
 * never pass for the right ones, as they could in a repeated pattern.
 */
const noise = (seed: number, length: number): Uint8Array => {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) & 0xff;
  });
};

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A text object that holds its own key: an answer with another object's bytes shows itself. */
const named = (key: string): Fixture => ({ key, bytes: utf8(`${key}\n`), contentType: text });

export const fixtures: readonly Fixture[] = [
  { key: 'digits.txt', bytes: utf8('0123456789'), contentType: text },
  { key: 'kilo.bin', bytes: noise(1, 1_024), contentType: binary },
  { key: 'mega.bin', bytes: noise(2, 1_048_576), contentType: binary },
  // A tenth of it is more than the heads of 1,000 parts.
  { key: 'large.bin', bytes: noise(3, 1_500_000), contentType: binary },
  { key: 'empty.txt', bytes: utf8(''), contentType: text },
  { key: 'site/index.html', bytes: utf8('<!doctype html><title>x</title>\n'), contentType: html },
  named('with space.txt'),
  named('plus+sign.txt'),
  named('percent%.txt'),
  named('hash#.txt'),
  named('question?.txt'),
  named('ünï/日本.txt'),
  named('deep/er/file.txt'),
  named('quote\'"s.txt'),
];

/** An object stored with a content coding, for the suites whose storage keeps one. No coding of it is undone. */
export const codedFixture: Fixture = {
  key: 'coded.txt',
  bytes: Uint8Array.from(gzipSync('0123456789'.repeat(10_000), { level: 0 })),
  contentType: text,
  contentEncoding: 'gzip',
};

/** The fixture of that key. Throws when there is none: the case that asks is wrong. */
export const fixtureOf = (key: string): Fixture => {
  const found = [...fixtures, codedFixture].find((fixture) => fixture.key === key);
  if (found === undefined) throw new Error(`no fixture has the key ${JSON.stringify(key)}`);
  return found;
};
