import { intervalsFromJson, intervalsToJson, type Intervals } from '../http/intervals.ts';
import type { ReprDigest } from './repr-digest.ts';
import { parseChecksum, toHexText } from './repr-digest.ts';
import { parseValidator, printValidator } from './validator.ts';
import type { Version } from './verdict.ts';

/**
 * Where the state of a download is kept between two runs. `test/client/journal-contract.ts` is the definition. A
 * rejection ends the download with `disk`, but a DownloadError of `open` is passed on.
 */
export interface Journal {
  /**
   * Takes the download for this process.
   *
   * @returns the text that was saved last
   * @throws DownloadError `conflict` if another process has it
   */
  open(): Promise<string | undefined>;
  /** Replaces the text. After a crash at any moment there is either the old text or the new one. Durable when it ends. */
  save(text: string): Promise<void>;
  /** Removes the text. Durable when it ends. */
  remove(): Promise<void>;
  /** Gives the download back. Called once, at the end. Never rejects. */
  close(): Promise<void>;
}

/** The state of a download that an earlier run has saved. */
export interface JournalEntry {
  /** Origin and path of the address. */
  readonly address: string;
  /** A salted hash of its query, which may hold a signature. */
  readonly query: { readonly salt: string; readonly hash: string };
  readonly version: Version & { readonly size: number };
  /** The bytes that are on disk. */
  readonly written: Intervals;
}

const MAGIC = 'rangeway-journal';
const FORMAT = 1;

/** Prints an entry: a line with the format's number and a checksum, and a line of JSON. */
export function printJournal({ address, query, version, written }: JournalEntry): string {
  const json = JSON.stringify({
    address,
    query,
    size: version.size,
    validator: printValidator(version.validator),
    digests: version.digests.map(({ algorithm, hex }) => `${algorithm}=${hex}`),
    written: intervalsToJson(written),
  });
  return `${MAGIC} ${FORMAT} ${crc32(json).toString(16)}\n${json}\n`;
}

/** Parses the text of a journal: `newer` if another format's number, `foreign` if anything else, or damaged. */
export function parseJournal(text: string): JournalEntry | 'newer' | 'foreign' {
  const [head = '', json = ''] = text.split('\n');
  const [, format, checksum] = /^rangeway-journal (\d{1,9}) ([\da-f]{1,8})$/.exec(head) ?? [];
  if (format === undefined) return 'foreign';
  if (Number(format) !== FORMAT) return 'newer';
  if (crc32(json).toString(16) !== checksum) return 'foreign';
  return toEntry(JSON.parse(json)) ?? 'foreign';
}

function toEntry(value: unknown): JournalEntry | undefined {
  if (!isRecord(value) || !isRecord(value['query'])) return undefined;
  const { address, size, validator: text, digests } = value;
  const { salt, hash } = value['query'];
  const validator = typeof text === 'string' ? parseValidator(text) : undefined;
  if (typeof address !== 'string' || typeof salt !== 'string' || typeof hash !== 'string') return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || validator === undefined) return undefined;
  const written = intervalsFromJson(value['written'], size);
  if (written === undefined || !Array.isArray(digests)) return undefined;
  const known = digests.map((one: unknown) => (typeof one === 'string' ? parseChecksum(one) : undefined));
  const version = {
    size,
    validator,
    isCoded: false,
    digests: known.filter((one): one is ReprDigest => one !== undefined),
  };
  return { address, query: { salt, hash }, version, written };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Hashes the query of an address, so that the journal does not hold a signature, and can tell it again. */
export async function hashQuery(query: string, salt: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${salt}\n${query}`));
  return toHexText(new Uint8Array(digest).subarray(0, 16));
}

/** Makes a salt for {@link hashQuery}. */
export function makeSalt(): string {
  return toHexText(crypto.getRandomValues(new Uint8Array(8)));
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Computes the CRC-32 (ISO-HDLC, as in gzip) of a text in UTF-8. It finds damage, and no forgery. */
function crc32(text: string): number {
  let state = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) state = (state >>> 8) ^ (TABLE[(state ^ byte) & 0xff] ?? 0);
  return (state ^ 0xffffffff) >>> 0;
}
