import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/** The file of a digest, as the thread that computes it gets it. */
export interface DigestFile {
  /** A descriptor of this process. */
  readonly fd: number;
  /** As `createHash` names it. */
  readonly algorithm: string;
}

/** How far the digest is to be computed. */
export interface DigestRequest {
  /** The end of the bytes that are in the file, in bytes, exclusive. */
  readonly end: number;
  /** Whether that is the end of the file, so that the digest is the response. */
  readonly isWhole: boolean;
}

/** The digest in hexadecimal digits; `undefined` if the file is shorter. */
export type DigestResponse = string | undefined;

/** Bytes that are read at once. */
const BLOCK = 1024 * 1024;

function compute({ fd, algorithm }: DigestFile, respond: (response: DigestResponse) => void) {
  const hash = createHash(algorithm);
  const block = Buffer.allocUnsafeSlow(BLOCK);
  let position = 0;
  return ({ end, isWhole }: DigestRequest): void => {
    while (position < end) {
      const length = readSync(fd, block, 0, Math.min(BLOCK, end - position), position);
      if (length === 0) return respond(undefined);
      hash.update(block.subarray(0, length));
      position += length;
    }
    if (isWhole) respond(hash.digest('hex'));
  };
}

const port = parentPort;
const file: DigestFile = workerData;
port?.on(
  'message',
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has none
  compute(file, (response) => port.postMessage(response)),
);
