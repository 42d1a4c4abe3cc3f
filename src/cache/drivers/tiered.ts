import { spanLength, type Span } from '../../http/index.ts';
import type { BlockCache, BlockName, BlockReader } from '../block-cache.ts';
import { blockId, parseBlockId } from './block-id.ts';
import { hasBlock, toBlockResponse } from './block-response.ts';

/** Sends a request for a block to the entrypoint that calls {@link TieredCache.answer}, through the platform's cache. */
export type BlockFetcher = (request: Request) => Promise<Response>;

/** A read-through cache in front of an entrypoint of the same Worker. */
export interface TieredCache extends BlockCache {
  /**
   * Handles a request of the entrypoint: reads the block from the storage.
   *
   * @returns 200 with the whole block; 404 if the block can't be read. Never rejects
   */
  answer(request: Request): Promise<Response>;
}

/** Timeout of a get, in ms. On a miss it includes a read of the storage. */
const TIMEOUT = 10_000;

/** Base of the URL of a block. The name is never resolved, because the request does not leave the platform. */
const BASE = 'https://blocks.invalid/?name=';

/**
 * Creates a cache over Cloudflare's Workers Caching: an entrypoint of the Worker responds with blocks, and the platform
 * caches these responses in tiers, with single flight. `put` does nothing: a miss is read through the entrypoint.
 *
 * @param ask sends a request to the entrypoint; `get` rejects if it rejects
 *
 * @example
 * import { WorkerEntrypoint } from 'cloudflare:workers';
 * import { tieredCache } from 'rangeway/workers';
 *
 * declare const blocks: Fetcher; // `exports.Blocks` of 'cloudflare:workers'
 * export const cache = tieredCache((request) => blocks.fetch(request));
 *
 * export class Blocks extends WorkerEntrypoint {
 *   override fetch = (request: Request) => cache.answer(request);
 * }
 */
export function tieredCache(ask: BlockFetcher): TieredCache {
  const readers = new Map<string, BlockReader>();
  return {
    timeout: TIMEOUT,
    attach: (scope, read) => void readers.set(scope, read),
    async get(name, part) {
      const isWhole = spanLength(part) === name.length;
      const headers: Record<string, string> = isWhole ? {} : { Range: `bytes=${part.start}-${part.end - 1}` };
      const response = await ask(new Request(BASE + encodeURIComponent(blockId(name)), { headers }));
      if (response.body !== null && hasBlock(response, part, name.length)) {
        return response.status === 206 || isWhole ? response.body : sliceBody(response, part);
      }
      await response.body?.cancel();
      return undefined;
    },
    put: async () => undefined,
    async answer(request) {
      const name = toName(request);
      const read = name === undefined ? undefined : readers.get(name.scope);
      try {
        const body = name === undefined ? undefined : await read?.(name);
        if (name !== undefined && body !== undefined) return toBlockResponse(body, name.length);
      } catch {
        // The client's request treats the 404 as a miss, reads the storage itself, and reports its error.
      }
      return new Response(null, { status: 404, headers: { 'Cache-Control': 'no-store' } });
    },
  };
}

/** Takes a part out of a whole block. If the platform caches nothing, the entrypoint responds, and it ignores Range. */
async function sliceBody(response: Response, { start, end }: Span): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer()).subarray(start, end);
}

/** Returns the block's name from the URL. The entrypoint may run in another isolate, so the URL has to hold all of it. */
function toName(request: Request): BlockName | undefined {
  const text = new URL(request.url).searchParams.get('name');
  return text === null ? undefined : parseBlockId(text);
}
