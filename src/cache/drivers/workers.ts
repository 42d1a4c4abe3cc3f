import { spanLength, type Span } from '../../http/index.ts';
import type { BlockCache, BlockName } from '../block-cache.ts';
import { blockId } from './block-id.ts';
import { hasBlock, toBlockResponse } from './block-response.ts';

/** What this driver uses of Cloudflare's Cache API; a `Cache` fits it. */
export interface CacheLike {
  /** Answers a closed range of what was put with 206. */
  match(request: Request): Promise<Response | undefined>;
  put(request: Request, response: Response): Promise<void>;
}

export interface WorkersCacheOptions {
  /** Best one of its own, `await caches.open('rangeway')`, from which nothing else answers. */
  readonly cache: CacheLike;
  /** Of a host whose requests the Worker answers, such as `https://downloads.example.com`. */
  readonly origin: string;
}

/**
 * Makes a cache over Cloudflare's Cache API: one data centre, and without effect on workers.dev. A get is one
 * subrequest, and so is a put.
 *
 * What `cache` throws goes through, such as the limit of subrequests.
 *
 * @throws TypeError where `origin` is not an address
 */
export function workersCache({ cache, origin }: WorkersCacheOptions): BlockCache {
  const base = new URL('/rangeway/blocks/', origin);
  return {
    async get(name, part) {
      const headers = isWhole(part, name) ? {} : { Range: `bytes=${part.start}-${part.end - 1}` };
      const response = await cache.match(new Request(await toBlockAddress(base, name), { headers }));
      if (response === undefined) return undefined;
      const isDue = response.status === (isWhole(part, name) ? 200 : 206);
      if (response.body !== null && isDue && hasBlock(response, part, name.length)) return response.body;
      await response.body?.cancel();
      return undefined;
    },
    async put(name, bytes) {
      if (bytes.length !== name.length) return;
      await cache.put(new Request(await toBlockAddress(base, name)), toBlockResponse(bytes, bytes.length));
    },
  };
}

function isWhole(part: Span, name: BlockName): boolean {
  return spanLength(part) === name.length;
}

/** A hash, because whoever rewrites addresses on the way (dots, slashes, capitals) finds nothing to rewrite in it. */
async function toBlockAddress(base: URL, name: BlockName): Promise<URL> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(blockId(name)));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return new URL(hex, base);
}
