import { env } from 'cloudflare:workers';

/**
 * The Worker through which `rangeway dev` fills the local bucket. It listens on loopback, on a port of its own, and
 * answers only to the token that it was started with. It is never deployed.
 */

/** The name of the custom metadata that holds the mark of the file from which an object was uploaded. */
const MARK = 'rangeway-source';

declare global {
  namespace Cloudflare {
    interface Env {
      readonly ADMIN_TOKEN: string;
    }
  }
}

interface Listed {
  readonly key: string;
  /** `null` for objects that were not uploaded by `rangeway dev`. */
  readonly mark: string | null;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
}

async function list(): Promise<readonly Listed[]> {
  const listed: Listed[] = [];
  let cursor: string | undefined;
  do {
    const page: R2Objects = await env.BUCKET.list({
      include: ['customMetadata'],
      ...(cursor === undefined ? {} : { cursor }),
    });
    listed.push(
      ...page.objects.map(({ key, size, etag, customMetadata }) => {
        return { key, size, etag, mark: customMetadata?.[MARK] ?? null };
      }),
    );
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
  return listed;
}

function metadata(query: URLSearchParams): R2PutOptions & R2MultipartOptions {
  const mark = query.get('mark');
  return {
    httpMetadata: { contentType: query.get('type') ?? 'application/octet-stream' },
    ...(mark === null ? {} : { customMetadata: { [MARK]: mark } }),
  };
}

async function handle(request: Request): Promise<Response> {
  if (request.headers.get('Authorization') !== `Bearer ${env.ADMIN_TOKEN}`) return new Response(null, { status: 401 });
  const { pathname, searchParams: query } = new URL(request.url);
  const key = query.get('key') ?? '';
  const upload = query.get('upload') ?? '';
  switch (`${request.method} ${pathname}`) {
    case 'GET /objects':
      return Response.json(await list());
    case 'GET /object': {
      const object = await env.BUCKET.get(key);
      // Only a body whose length is known is sent with it.
      if (object === null) return new Response(null, { status: 204 });
      const { readable, writable } = new FixedLengthStream(object.size);
      void object.body.pipeTo(writable).catch(() => undefined);
      return new Response(readable, { headers: { 'X-Etag': object.etag } });
    }
    case 'PUT /object':
      await env.BUCKET.put(key, request.body, metadata(query));
      return new Response();
    case 'DELETE /object':
      await env.BUCKET.delete(key);
      return new Response();
    case 'POST /upload':
      return new Response((await env.BUCKET.createMultipartUpload(key, metadata(query))).uploadId);
    case 'PUT /part':
      return Response.json(
        await env.BUCKET.resumeMultipartUpload(key, upload).uploadPart(Number(query.get('part')), request.body ?? ''),
      );
    case 'POST /complete':
      await env.BUCKET.resumeMultipartUpload(key, upload).complete(await request.json());
      return new Response();
    default:
      return new Response(null, { status: 404 });
  }
}

export default {
  fetch: (request: Request) => handle(request).catch((error: unknown) => new Response(String(error), { status: 500 })),
};
