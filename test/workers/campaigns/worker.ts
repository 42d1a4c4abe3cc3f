import { env } from 'cloudflare:workers';
import { createGateway, r2Store } from '../../../src/index.ts';
import { nativeBodyPipe } from '../../../src/platform/workers/native-body-pipe.ts';

/** The gateway over R2, and a way to store any metadata there. */
const gateway = createGateway({ store: r2Store(env.BUCKET), bodyPipe: nativeBodyPipe, limits: { downloads: 4 } });

interface Stored {
  readonly key: string;
  readonly size: number;
  readonly metadata: R2HTTPMetadata;
  /** In ms since the epoch; JSON has no Date. */
  readonly expires: number | null;
}

export default {
  async fetch(request: Request, _env: unknown, context: ExecutionContext): Promise<Response> {
    if (request.method !== 'PUT') return gateway.fetch(request, {}, context);
    const { key, size, metadata, expires } = await request.json<Stored>();
    const httpMetadata = { ...metadata, ...(expires === null ? {} : { cacheExpiry: new Date(expires) }) };
    try {
      await env.BUCKET.put(key, new Uint8Array(size).fill(0x61), { httpMetadata });
      return new Response('stored');
    } catch (error) {
      return new Response(String(error), { status: 422 });
    }
  },
};
