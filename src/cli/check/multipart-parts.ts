import type { CheckResponse } from './exchange.ts';

/** A part of a multipart/byteranges content. */
export interface ReceivedPart {
  /** Content-Range as sent. */
  readonly range: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads the parts of a multipart/byteranges content (RFC 9110 §15.3.7.2, RFC 2046 §5.1.1).
 *
 * @returns the parts up to one that is malformed or incomplete
 */
export function parseParts({ fields, body }: CheckResponse): readonly ReceivedPart[] {
  const [, quoted, token] =
    /;\s*boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(fields.get('content-type') ?? '') ?? [];
  const boundary = quoted ?? token;
  if (boundary === undefined) return [];
  // A character for each byte.
  const text = Buffer.from(body).toString('latin1');
  const parts: ReceivedPart[] = [];
  let position = text.indexOf(`--${boundary}`);
  while (position !== -1) {
    const head = text.indexOf('\r\n', position + boundary.length + 2) + 2;
    const content = text.indexOf('\r\n\r\n', head - 2) + 4;
    const next = text.indexOf(`\r\n--${boundary}`, content - 2);
    if (head < 2 || content < 4 || next === -1) break;
    const [, range] = /^content-range:[ \t]*(.*?)[ \t]*$/im.exec(text.slice(head, content - 4)) ?? [];
    if (range === undefined) break;
    parts.push({ range, bytes: body.subarray(content, Math.max(content, next)) });
    position = text.startsWith('--', next + boundary.length + 4) ? -1 : next + 2;
  }
  return parts;
}
