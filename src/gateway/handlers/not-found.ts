import { representationType } from '../../http/index.ts';
import type { DownloadContext } from '../download/download-context.ts';
import type { Reply } from '../reply.ts';

/** The longest document, in bytes. It is read into memory. */
const MAX_DOCUMENT = 1024 * 1024;

/**
 * Answers a missing object with the document that the setting `notFound` names, with status 404.
 *
 * @param key of the document in the store of the mount
 * @param method of the request; a HEAD gets no body
 * @returns `undefined` if there is no such document, or if it is over 1 MiB or stored with a coding
 */
export async function notFoundDocument(
  key: string,
  method: 'GET' | 'HEAD',
  { store, signal }: DownloadContext,
): Promise<Reply | undefined> {
  const result = await store.read(key, { signal });
  if (result.type !== 'open') return undefined;
  const { representation } = result;
  const { size, contentEncoding } = representation;
  if (size > MAX_DOCUMENT || contentEncoding !== undefined) {
    await result.body.cancel();
    return undefined;
  }
  const bytes = result.bytes ?? new Uint8Array(await new Response(result.body).arrayBuffer());
  return {
    status: 404,
    fields: [
      ['Content-Type', representationType(representation)],
      ['Content-Length', String(bytes.length)],
      ['Cache-Control', 'no-store'],
      ['X-Content-Type-Options', 'nosniff'],
    ],
    body: method === 'HEAD' ? null : bytes,
  };
}
