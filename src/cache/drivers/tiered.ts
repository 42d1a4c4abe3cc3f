import { spanLength, type Span } from '../../http/index.ts';
import type { BlockCache, BlockName, BlockReader } from '../block-cache.ts';
import { blockId, parseBlockId } from './block-id.ts';
import { hasBlock, toBlockResponse } from './block-response.ts';

/** Where requests for blocks go: through a cache that reads through, to {@link TieredCache.answer}. */
export type Ask = (request: Request) => Promise<Response>;

/** A cache in front of an entrypoint of the same Worker. */
export interface TieredCache extends BlockCache {
  /** What the entrypoint answers where the cache has nothing: the block, from the storage. Never throws. */
  answer(request: Request): Promise<Response>;
}

/** It reads the storage too, so it may take as long as that does, in ms. */
const TIMEOUT = 10_000;

/** Never resolved: the request does not leave the platform. */
const BASE = 'https://blocks.invalid/?name=';

/**
 * Makes a cache over Cloudflare's Workers Caching: an entrypoint of the Worker answers blocks, and the platform keeps
 * its answers, in tiers, one reader at a time for each. Nothing is ever put: what is not there is read on the way.
 *
 * What `ask` throws goes through.
 */
export function tieredCache(ask: Ask): TieredCache {
  const readers = new Map<string, BlockReader>();
  return {
    timeout: TIMEOUT,
    attach: (scope, read) => void readers.set(scope, read),
    async get(name, part) {
      const isWhole = spanLength(part) === name.length;
      const headers: Record<string, string> = isWhole ? {} : { Range: `bytes=${part.start}-${part.end - 1}` };
      const response = await ask(new Request(BASE + encodeURIComponent(blockId(name)), { headers }));
      if (response.body !== null && hasBlock(response, part, name.length)) {
        return response.status === 206 || isWhole ? response.body : cut(response, part);
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
        // Whoever asked reads the storage itself then, and tells what is wrong with it.
      }
      return new Response(null, { status: 404, headers: { 'Cache-Control': 'no-store' } });
    },
  };
}

/** Where nothing is kept, the entrypoint itself answers, which sees no Range. */
async function cut(response: Response, { start, end }: Span): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer()).subarray(start, end);
}

/** The address says it all: whoever answers may be another isolate, and knows nothing else. */
function toName(request: Request): BlockName | undefined {
  const text = new URL(request.url).searchParams.get('name');
  return text === null ? undefined : parseBlockId(text);
}
