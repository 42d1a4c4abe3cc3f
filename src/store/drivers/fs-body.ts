import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { spanLength, type Span } from '../../http/index.ts';
import { storeError } from '../store-error.ts';
import { fileTag } from './fs-stat.ts';

/** Bytes a read of the file. Larger gains nothing measurable; smaller costs a turn of the thread pool each. */
const CHUNK = 256 * 1024;

/**
 * The bytes of an open file, read on demand; closes the file when it ends.
 *
 * The last chunk is held back until the file is seen to be unchanged: a file overwritten while it is read would
 * otherwise end as a mixture that looks complete.
 */
export function fileBody(handle: FileHandle, span: Span, opened: BigIntStats): ReadableStream<Uint8Array> {
  let at = span.start;
  // Closing twice fails, which nobody needs to know: a client may leave while the last chunk is on its way.
  const close = () => handle.close().catch(() => undefined);
  return new ReadableStream(
    {
      async start(controller) {
        if (spanLength(span) > 0) return;
        await close();
        controller.close();
      },
      async pull(controller) {
        try {
          const chunk = await readChunk(handle, at, Math.min(span.end, at + CHUNK));
          at += chunk.length;
          if (at < span.end) return controller.enqueue(chunk);
          assertUnchanged(opened, await handle.stat({ bigint: true }));
          controller.enqueue(chunk);
          controller.close();
          await close();
        } catch (error) {
          await close();
          throw error;
        }
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  );
}

async function readChunk(handle: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(end - start);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, start).catch((error: unknown) => {
    throw storeError('unavailable', 'a file could not be read on', error);
  });
  if (bytesRead === 0) throw storeError('changed', 'a file became shorter while it was read');
  return buffer.subarray(0, bytesRead);
}

/**
 * A file that another was renamed over has lost its last name, which moves its change time but none of its bytes, and
 * from then on only programs that have it open can write to it. Any other change of the change time may be a change of
 * bytes whose modification time was set back, also where the number of links has changed besides.
 */
function assertUnchanged(opened: BigIntStats, now: BigIntStats): void {
  const sameBytes = now.size === opened.size && now.mtimeNs === opened.mtimeNs;
  if (fileTag(now) === fileTag(opened) || (sameBytes && now.nlink === 0n)) return;
  throw storeError('changed', 'a file changed while it was read');
}
