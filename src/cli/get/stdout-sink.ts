import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { Sink } from '../../client/sink.ts';

/** Makes a sink that writes bytes in their order to a stream, such as stdout. Their digest is known at the end. */
export function streamSink(output: Writable): Sink {
  const hashes = { 'sha-256': createHash('sha256'), 'sha-512': createHash('sha512') };
  let position = 0;
  // The callback of the write reports it; without a listener it would be an uncaught error.
  output.on('error', () => undefined);
  return {
    isSequential: true,
    open: () => Promise.resolve(0),
    async write(start, bytes) {
      if (start !== position) throw new Error('bytes can only be written in their order');
      position += bytes.length;
      for (const hash of Object.values(hashes)) hash.update(bytes);
      // The stream may keep them, and the memory is used again.
      await writeAll(output, Buffer.from(bytes));
    },
    sync: () => Promise.resolve(),
    async empty() {
      if (position > 0) throw new Error('bytes that were written can not be taken back');
    },
    digest: (algorithm) => Promise.resolve(hashes[algorithm].digest('hex')),
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function writeAll(output: Writable, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
