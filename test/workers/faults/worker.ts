import { env } from 'cloudflare:workers';
import { createGateway, r2Store } from '../../../src/index.ts';
import { nativeBodyPipe } from '../../../src/platform/workers/native-body-pipe.ts';
import type { ObjectStore } from '../../../src/store/object-store.ts';

/**
 * The gateway with what local R2 can't be made to do: objects with a stored coding, and a body that breaks, which a
 * server of the test sends (its address is the key).
 */
async function gunzippable(): Promise<Uint8Array> {
  const stream = new Blob(['hello '.repeat(1000)]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Response(stream).bytes();
}

const breaking: ObjectStore = {
  async head() {
    return undefined;
  },
  async read(key) {
    const response = await fetch(`http://${key}`);
    if (response.body === null) return { type: 'missing' };
    const size = Number(response.headers.get('Content-Length'));
    return { type: 'open', representation: { size }, span: { start: 0, end: size }, body: response.body };
  },
};

const gateway = createGateway({ store: r2Store(env.BUCKET), bodyPipe: nativeBodyPipe });
const breakingGateway = createGateway({ store: breaking, bodyPipe: nativeBodyPipe });

export default {
  async fetch(request: Request, _env: unknown, context: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith('/broken/')) {
      return breakingGateway.fetch(new Request(request.url.replace('/broken/', '/'), request), {}, context);
    }
    if (pathname === '/coded.txt' && (await env.BUCKET.head('coded.txt')) === null) {
      const httpMetadata = { contentType: 'text/plain', contentEncoding: 'gzip' };
      await env.BUCKET.put('coded.txt', await gunzippable(), { httpMetadata });
    }
    return gateway.fetch(request, {}, context);
  },
};
