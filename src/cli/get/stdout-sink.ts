import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { ReprDigest } from '../../client/repr-digest.ts';
import type { Sink } from '../../client/sink.ts';

/**
 * Makes a sink that writes bytes in their order to a stream, such as stdout. Their digest is known at the end.
 *
 * @param algorithms of the digests that may be asked for. The bytes pass only once
 */
export function streamSink(output: Writable, algorithms: readonly ReprDigest['algorithm'][]): Sink {
  const hashes = new Map(algorithms.map((name) => [name, createHash(name.replace('-', ''))]));
  let position = 0;
  // The callback of the write reports it; without a listener it would be an uncaught error.
  output.on('error', () => undefined);
  return {
    isSequential: true,
    open: () => Promise.resolve(0),
    async write(start, bytes) {
      if (start !== position) throw new Error('bytes can only be written in their order');
      position += bytes.length;
      for (const hash of hashes.values()) hash.update(bytes);
      // The stream may keep them, and the memory is used again.
      await writeAll(output, Buffer.from(bytes));
    },
    sync: () => Promise.resolve(),
    async empty() {
      if (position > 0) throw new Error('bytes that were written can not be taken back');
    },
    async digest(algorithm) {
      const hash = hashes.get(algorithm);
      if (hash === undefined) throw new Error(`the ${algorithm} was not computed`);
      return hash.digest('hex');
    },
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function writeAll(output: Writable, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
