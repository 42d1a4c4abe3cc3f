import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { json, text } from 'node:stream/consumers';
import { mediaType } from '../../store/drivers/fs/fs-store.ts';
import { memoryUploads, type StartedUpload, type Uploads } from './uploads.ts';

export { isHidden } from '../../store/drivers/fs/fs-store.ts';

/** An object as the local bucket lists it. */
export interface ListedObject {
  readonly key: string;
  /** The {@link LocalFile.mark} of the uploaded file; null for objects that were put there by other means. */
  readonly mark: string | null;
  /** In bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
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
  /** @param onBytes called with the number of bytes of each chunk that is sent, or was sent by an earlier run */
  put(key: string, file: LocalFile, onBytes?: OnBytes): Promise<void>;
  /** Stores bytes that come from no file, so that `fill` leaves them alone. */
  putBytes(key: string, bytes: Uint8Array): Promise<void>;
  /** Opens an object as a whole; `undefined` if there is none. */
  read(key: string): Promise<OpenedObject | undefined>;
  delete(key: string): Promise<void>;
}

/** An object of the local bucket, opened. */
export interface OpenedObject {
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly body: Readable;
}

/**
 * Bytes of a file that is uploaded in one piece. A larger one is uploaded in parts, so that it goes on after an
 * interruption; but the local R2 sends an object of parts at a fourteenth of the rate (47 to 660 MB/s).
 */
const MAX_PIECE = 1024 ** 3;

/** Bytes of a part: as much is uploaded again after an interruption. R2 allows 10,000 parts. */
const PART = 256 * 1024 ** 2;

/**
 * Opens the bucket through the Worker of bucket-admin.ts.
 *
 * @param uploads that have begun. One of another run goes on where it was interrupted
 * @param part bytes of a part; a larger file is uploaded in parts. By default 256 MiB, or what makes 10,000 of them, for
 *   files over 1 GiB
 */
export function localBucket(url: URL, token: string, uploads: Uploads = memoryUploads(), part?: number): LocalBucket {
  const call = (method: string, path: string, query: Readonly<Record<string, string>>, body?: Body) =>
    send(new URL(`${path}?${new URLSearchParams(query).toString()}`, url), method, token, body);

  async function begin(key: string, { mark, size }: LocalFile): Promise<StartedUpload> {
    const id = await text(await call('POST', '/upload', { key, type: mediaType(key), mark }));
    const started = { mark, id, part: part ?? Math.max(PART, Math.ceil(size / MAX_PARTS)), parts: [] };
    uploads.set(key, started);
    return started;
  }

  async function putParts(key: string, file: LocalFile, started: StartedUpload, onBytes: OnBytes): Promise<void> {
    const parts = [...started.parts];
    onBytes(Math.min(file.size, parts.length * started.part));
    for (let start = parts.length * started.part; start < file.size; start += started.part) {
      const body = slice(file, start, Math.min(file.size, start + started.part), onBytes);
      const query = { key, upload: started.id, part: String(parts.length + 1) };
      parts.push(await json(await call('PUT', '/part', query, body)));
      uploads.set(key, { ...started, parts: [...parts] });
    }
    const body = whole(JSON.stringify(parts));
    (await call('POST', '/complete', { key, upload: started.id }, body)).resume();
    uploads.delete(key);
  }

  return {
    async list() {
      return toListing(await json(await call('GET', '/objects', {})));
    },
    async put(key, file, onBytes = () => undefined) {
      const { size, mark } = file;
      if (size <= (part ?? MAX_PIECE)) {
        const body = slice(file, 0, size, onBytes);
        (await call('PUT', '/object', { key, type: mediaType(key), mark }, body)).resume();
        return;
      }
      const earlier = uploads.get(key);
      const started = earlier?.mark === mark ? earlier : await begin(key, file);
      try {
        await putParts(key, file, started, onBytes);
      } catch (error) {
        if (started !== earlier) throw error;
        // The bucket does not know the earlier upload any more.
        await putParts(key, file, await begin(key, file), () => undefined);
      }
    },
    async putBytes(key, bytes) {
      const body = { length: bytes.length, stream: Readable.from([bytes]) };
      (await call('PUT', '/object', { key, type: mediaType(key) }, body)).resume();
    },
    async read(key) {
      const response = await call('GET', '/object', { key });
      const { 'x-etag': etag, 'content-length': length } = response.headers;
      if (typeof etag === 'string') return { etag, size: Number(length), body: response };
      response.resume();
      return undefined;
    },
    async delete(key) {
      (await call('DELETE', '/object', { key })).resume();
    },
  };
}

/** R2's limit for an upload. */
const MAX_PARTS = 10_000;

type OnBytes = (count: number) => void;

interface Body {
  readonly length: number;
  readonly stream: Readable;
}

function slice({ path }: LocalFile, start: number, end: number, onBytes: OnBytes): Body {
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
async function send(url: URL, method: string, token: string, body: Body | undefined): Promise<IncomingMessage> {
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
  if (response.statusCode !== 200 && response.statusCode !== 204)
    throw new Error(`the local bucket failed: ${await text(response)}`);
  return response;
}

function toListing(value: unknown): readonly ListedObject[] {
  if (!Array.isArray(value)) throw new Error('the local bucket gave no list');
  return value.map(({ key, mark, size, etag }) => ({
    key: String(key),
    mark: typeof mark === 'string' ? mark : null,
    size: Number(size),
    etag: String(etag),
  }));
}
