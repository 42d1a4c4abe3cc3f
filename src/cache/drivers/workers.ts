import { toHex } from '../../base/hex.ts';
import { spanLength, type Span } from '../../http/index.ts';
import type { BlockCache, BlockName } from '../block-cache.ts';
import { blockId } from './block-id.ts';
import { hasBlock, toBlockResponse } from './block-response.ts';

/** The part of Cloudflare's Cache API that this driver uses. A `Cache` has this type. */
export interface CacheLike {
  /** Returns the stored response; 206 for a request with a Range field of the form `bytes=first-last`. */
  match(request: Request): Promise<Response | undefined>;
  put(request: Request, response: Response): Promise<void>;
}

/** The settings of {@link workersCache}. */
export interface WorkersCacheOptions {
  /** Best a separate cache, such as `await caches.open('rangeway')`, so that no client request is answered from it. */
  readonly cache: CacheLike;
  /** Origin of a host whose requests the Worker handles, such as `https://downloads.example.com`. */
  readonly origin: string;
}

/**
 * Creates a cache over Cloudflare's Cache API. It stores blocks in one data centre, and stores nothing on workers.dev.
 *
 * A get is one subrequest, and so is a put. If `cache` throws, for example at the limit of subrequests, so do they.
 *
 * @throws TypeError if `origin` is not a URL
 *
 * @example
 * import { type CacheLike, workersCache } from 'rangeway/workers';
 *
 * const named: CacheLike = {
 *   match: async (request) => (await caches.open('rangeway')).match(request),
 *   put: async (request, response) => (await caches.open('rangeway')).put(request, response),
 * };
 * const cache = workersCache({ cache: named, origin: 'https://downloads.example.com' });
 */
export function workersCache({ cache, origin }: WorkersCacheOptions): BlockCache {
  const base = new URL('/rangeway/blocks/', origin);
  return {
    async get(name, part) {
      const headers = isWhole(part, name) ? {} : { Range: `bytes=${part.start}-${part.end - 1}` };
      const response = await cache.match(new Request(await toBlockUrl(base, name), { headers }));
      if (response === undefined) return undefined;
      const isExpected = response.status === (isWhole(part, name) ? 200 : 206);
      if (response.body !== null && isExpected && hasBlock(response, part, name.length)) return response.body;
      await response.body?.cancel();
      return undefined;
    },
    async put(name, bytes) {
      if (bytes.length !== name.length) return;
      await cache.put(new Request(await toBlockUrl(base, name)), toBlockResponse(bytes, bytes.length));
    },
  };
}

function isWhole(part: Span, name: BlockName): boolean {
  return spanLength(part) === name.length;
}

/** Returns the URL of a block: a hash, so that no URL normalisation (dot segments, slashes, case) changes it. */
async function toBlockUrl(base: URL, name: BlockName): Promise<URL> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(blockId(name)));
  return new URL(toHex(new Uint8Array(digest)), base);
}
