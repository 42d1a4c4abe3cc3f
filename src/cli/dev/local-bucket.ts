import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { json, text } from 'node:stream/consumers';
import { mediaType } from '../../store/drivers/fs/fs-store.ts';

export { isHidden } from '../../store/drivers/fs/fs-store.ts';

/** An object as the local bucket lists it. */
export interface ListedObject {
  readonly key: string;
  /** The {@link LocalFile.mark} of the uploaded file; null for objects that were put there by other means. */
  readonly mark: string | null;
}

/** A file to put into the local bucket. */
export interface LocalFile {
  readonly path: string;
  readonly size: number;
  /** Identifies the state of the file, so that an unchanged file is not uploaded again. */
  readonly mark: string;
}

/** The bucket of a Worker that runs on this machine. */
export interface LocalBucket {
  list(): Promise<readonly ListedObject[]>;
  put(key: string, file: LocalFile, onBytes?: (count: number) => void, pieces?: PieceSizes): Promise<void>;
  delete(key: string): Promise<void>;
}

/** The sizes of the pieces in which a file is uploaded, in bytes. */
export interface PieceSizes {
  readonly maxPiece: number;
  readonly part: number;
}

/** R2 accepts up to 5 GiB less 5 MiB in one piece; above that, parts of one size. */
const PIECES: PieceSizes = { maxPiece: 4 * 1024 ** 3, part: 256 * 1024 ** 2 };

/** Opens the bucket through the Worker of bucket-admin.ts. */
export function localBucket(url: URL, token: string): LocalBucket {
  const call = (method: string, path: string, query: Readonly<Record<string, string>>, body?: Body) =>
    send(new URL(`${path}?${new URLSearchParams(query).toString()}`, url), method, token, body);
  return {
    async list() {
      return toListing(await json(await call('GET', '/objects', {})));
    },
    async put(key, file, onBytes = () => undefined, { maxPiece, part } = PIECES) {
      const { size, mark } = file;
      const type = mediaType(key);
      if (size <= maxPiece) {
        (await call('PUT', '/object', { key, type, mark }, slice(file, 0, size, onBytes))).resume();
        return;
      }
      const upload = await text(await call('POST', '/upload', { key, type, mark }));
      const parts: unknown[] = [];
      for (let start = 0; start < size; start += part) {
        const body = slice(file, start, Math.min(size, start + part), onBytes);
        parts.push(await json(await call('PUT', '/part', { key, upload, part: String(parts.length + 1) }, body)));
      }
      (await call('POST', '/complete', { key, upload }, whole(JSON.stringify(parts)))).resume();
    },
    async delete(key) {
      (await call('DELETE', '/object', { key })).resume();
    },
  };
}

interface Body {
  readonly length: number;
  readonly stream: Readable;
}

function slice({ path }: LocalFile, start: number, end: number, onBytes: (count: number) => void): Body {
  if (start === end) return whole('');
  const stream = createReadStream(path, { start, end: end - 1, highWaterMark: 1024 * 1024 });
  stream.on('data', (chunk) => onBytes(chunk.length));
  stream.pause();
  return { length: end - start, stream };
}

function whole(content: string): Body {
  return { length: Buffer.byteLength(content), stream: Readable.from([content]) };
}

/** Sends a request by node:http: `fetch` sends a stream chunked, and R2 refuses a stream of unknown length. */
async function send(url: URL, method: string, token: string, body: Body | undefined): Promise<Readable> {
  const headers = {
    Authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'Content-Length': body.length }),
  };
  const outgoing = request(url, { method, headers });
  const answered = once(outgoing, 'response');
  // Listens at once, so that an error while the body is sent is not unhandled.
  answered.catch(() => undefined);
  if (body === undefined) outgoing.end();
  else await pipeline(body.stream, outgoing);
  const [response]: IncomingMessage[] = await answered;
  if (response === undefined) throw new Error('the local bucket did not answer');
  if (response.statusCode !== 200) throw new Error(`the local bucket failed: ${await text(response)}`);
  return response;
}

function toListing(value: unknown): readonly ListedObject[] {
  if (!Array.isArray(value)) throw new Error('the local bucket gave no list');
  return value.map(({ key, mark }) => ({ key: String(key), mark: typeof mark === 'string' ? mark : null }));
}
