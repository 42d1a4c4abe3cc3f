import type { Answer } from './exchange.ts';

/** An answer as web platforms take it. */
export function toResponse({ status, fields, body }: Answer): Response {
  // Workers: bytes with a stored Content-Encoding are coded already; without this they would be coded once more.
  const init: ResponseInit & { readonly encodeBody?: 'manual' } = {
    status,
    headers: Object.fromEntries(fields),
    encodeBody: 'manual',
  };
  return new Response(body, init);
}
