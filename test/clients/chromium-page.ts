/** The checks of a page of another origin (chromium-page.html) that reads files of the gateway. */
import type { Page } from './devtools.ts';

interface Film {
  readonly duration: number;
  readonly pictures: readonly {
    readonly at: number;
    readonly readyState: number;
    readonly lit: boolean;
  }[];
}

interface Head {
  readonly status: number;
  readonly length: string | null;
  readonly acceptRanges: string | null;
  readonly tag: string | null;
}

interface Answer {
  readonly status: number;
  readonly contentRange: string | null;
  readonly contentType: string | null;
  readonly hex: string;
}

/** Calls a function of the page. The function in chromium-page.html documents its result. */
const call = <T>(page: Page, name: string, ...given: readonly unknown[]): Promise<T> =>
  page.evaluate<T>(`${name}(...${JSON.stringify(given)})`);

function must(holds: boolean, what: string, found: unknown): asserts holds {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(found).slice(0, 600)}`);
}

/** Seeks to each position (seconds) in turn; each must show a picture. */
export async function playFilm(page: Page, url: string, positions: readonly number[]): Promise<string> {
  const film = await call<Film>(page, 'playFilm', url, positions);
  must(Math.abs(film.duration - 60) < 1, 'a film of 60 s', film.duration);
  must(film.pictures.length === positions.length, 'pictures', film);
  for (const [i, { at, readyState, lit }] of film.pictures.entries()) {
    must(at === positions[i] && readyState >= 2 && lit, `seek to ${positions[i]} s`, film);
  }
  return `a film of another origin sought to ${positions.join(', ')} s`;
}

/** Reads a document as PDF.js does: its length from a GET that is broken off, then ranges of one version, at once. */
export async function readDocument(page: Page, url: string, bytes: Buffer): Promise<string> {
  const size = bytes.length;
  const head = await call<Head>(page, 'readHead', url);
  const { status, length, acceptRanges, tag } = head;
  must(status === 200 && length === String(size) && acceptRanges === 'bytes', 'what a page can read', head);
  must(tag !== null && tag.startsWith('"'), 'a strong tag that a page can read', head);

  const pieces = [
    [0, 65_536],
    [65_536, 131_072],
    [1_000_000, 1_065_536],
    [size - 65_536, size],
  ] as const;
  const ask = (headers: readonly Readonly<Record<string, string>>[]) =>
    call<readonly Answer[]>(page, 'readRanges', url, headers);
  const answers = await ask(pieces.map(([a, z]) => ({ Range: `bytes=${a}-${z - 1}`, 'If-Range': tag })));
  for (const [i, [a, z]] of pieces.entries()) {
    const answer = answers[i];
    must(answer?.status === 206, `bytes=${a}-${z - 1}`, answer);
    must(answer.contentRange === `bytes ${a}-${z - 1}/${size}`, `bytes=${a}-${z - 1}`, answer);
    must(answer.hex === bytes.toString('hex', a, z), `the bytes ${a}-${z - 1}`, answer);
  }

  const [several, suffix, beyond, stale, changed] = await ask([
    { Range: 'bytes=0-99,5000-5099,-100', 'If-Range': tag },
    { Range: 'bytes=-500' },
    { Range: `bytes=${size}-` },
    { Range: 'bytes=0-9', 'If-Match': '"another version"' },
    { Range: 'bytes=0-9', 'If-Range': '"another version"' },
  ]);
  checkParts(several, [bytes.subarray(0, 100), bytes.subarray(5000, 5100), bytes.subarray(-100)]);
  must(suffix?.status === 206 && suffix.hex === bytes.toString('hex', size - 500), 'bytes=-500', suffix);
  must(beyond?.status === 416 && beyond.contentRange === `bytes */${size}`, 'a range beyond the end', beyond);
  must(stale?.status === 412, 'If-Match with another tag', stale);
  must(changed?.status === 200 && changed.hex === bytes.toString('hex'), 'If-Range with another tag', changed);
  return `a document of another origin by ${pieces.length} ranges at once, 3 in one, a suffix, 416, 412`;
}

function checkParts(answer: Answer | undefined, wanted: readonly Buffer[]): void {
  must(answer?.status === 206, 'several ranges', answer);
  const boundary = /^multipart\/byteranges; boundary=([0-9A-Za-z]+)$/.exec(answer.contentType ?? '')?.[1];
  must(boundary !== undefined, 'several ranges', answer.contentType);
  const parts = Buffer.from(answer.hex, 'hex').toString('latin1').split(`\r\n--${boundary}`);
  // Before the first delimiter there is nothing, after the last one its `--`.
  must(parts.length === wanted.length + 2, `${wanted.length} parts`, parts);
  for (const [i, part] of parts.slice(1, -1).entries()) {
    const body = Buffer.from(part.slice(part.indexOf('\r\n\r\n') + 4), 'latin1');
    must(wanted[i]?.equals(body) === true, `part ${i} of several`, part);
  }
}
