import type { Hashing } from '../../digests/build-piece-index.ts';

/** The hashes of Workers: streams of the runtime, which take no JavaScript for a byte. */
export const workersHashing: Hashing = {
  whole() {
    const [sha256, crc32] = [new crypto.DigestStream('SHA-256'), new crypto.DigestStream('crc32')];
    const writers = [sha256, crc32].map((stream) => stream.getWriter());
    return {
      async update(bytes) {
        await Promise.all(writers.map((writer) => writer.write(bytes)));
      },
      async digest() {
        await Promise.all(writers.map((writer) => writer.close()));
        const [hash, crc] = await Promise.all([sha256.digest, crc32.digest]);
        return { sha256: new Uint8Array(hash), crc32: new DataView(crc).getUint32(0) };
      },
    };
  },
  piece() {
    const stream = new crypto.DigestStream('SHA-256');
    const writer = stream.getWriter();
    return {
      update: (bytes) => writer.write(bytes),
      async digest() {
        await writer.close();
        return new Uint8Array(await stream.digest);
      },
    };
  },
};
