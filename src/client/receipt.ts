import { intervalsToJson, type Intervals } from '../http/intervals.ts';
import type { Fetcher } from './fetcher.ts';
import type { ReprDigest } from './repr-digest.ts';
import { printValidator } from './validator.ts';
import type { Version } from './verdict.ts';

/** Longest receipt that servers take, in bytes. */
const MAX_LENGTH = 64 * 1024;

/** The longest time that a receipt may take, in ms: at the end, and at a pause, for which a user waits. */
export const RECEIPT_TIMEOUTS = { end: 5_000, pause: 2_000 } as const;

/** A receipt, and where it goes. */
export interface ReceiptRequest {
  /** The address that the server has announced for it. */
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly fetcher: Fetcher;
  readonly version: Version | undefined;
  /** The bytes on disk. */
  readonly written: Intervals;
  /** The digest of the whole, if it was computed. */
  readonly digest: ReprDigest | undefined;
  /** The longest time that it may take, in ms. */
  readonly timeout: number;
}

/**
 * Tells the server which bytes are on disk, so that it counts one download, however often it was continued. Without a
 * strong ETag nothing is sent. Never rejects: a download does not depend on it.
 */
export async function sendReceipt(receipt: ReceiptRequest): Promise<void> {
  const content = printReceipt(receipt);
  if (content === undefined) return;
  const { url, fetcher, timeout } = receipt;
  const fields = { ...receipt.fields, 'content-type': 'application/json' };
  try {
    const request = { method: 'POST', url, fields, content, signal: AbortSignal.timeout(timeout) } as const;
    const { body } = await fetcher(request);
    // A body that is read to its end leaves the connection in order.
    while ((await body.read()) !== undefined);
  } catch {
    // The server will learn of these bytes by the next receipt, or never.
  }
}

function printReceipt({ version, written, digest }: ReceiptRequest): string | undefined {
  if (version?.validator.type !== 'tag' || version.isCoded) return undefined;
  const json = JSON.stringify({
    etag: printValidator(version.validator),
    intervals: intervalsToJson(written),
    ...(digest === undefined ? {} : { digest: `${digest.algorithm}=:${toBase64(digest.hex)}:` }),
  });
  // It is in ASCII, as all tags are that are kept.
  return json.length > MAX_LENGTH ? undefined : json;
}

function toBase64(hex: string): string {
  return btoa(hex.replace(/../g, (byte) => String.fromCharCode(Number.parseInt(byte, 16))));
}
