import { env } from 'cloudflare:workers';

/** The minimum of a Worker over R2: one read with the client's range, whose body is passed on. */
export default {
  async fetch(request: Request): Promise<Response> {
    const range = toRange(request.headers.get('Range'));
    const object = await env.BUCKET.get(new URL(request.url).pathname.slice(1), range === undefined ? {} : { range });
    if (object === null) return new Response(null, { status: 404 });
    return new Response(object.body, {
      status: range === undefined ? 200 : 206,
      headers: { ETag: object.httpEtag, 'Last-Modified': object.uploaded.toUTCString() },
    });
  },
};

function toRange(
  field: string | null,
): { readonly offset: number; readonly length?: number } | { readonly suffix: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(field ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') return { suffix: Number(last) };
  const offset = Number(first);
  return last === '' ? { offset } : { offset, length: Number(last) - offset + 1 };
}
