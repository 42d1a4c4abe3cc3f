import { findObject, LAST_MODIFIED, type BenchObject } from './objects.ts';
import type { RequestHead } from './request-head.ts';

/** A response of the origin: its head, and as its body a text or a range of an object's bytes (half-open). */
export interface OriginResponse {
  readonly head: string;
  readonly body: { readonly start: number; readonly end: number } | string | undefined;
}

/** The bucket of all objects, as the first segment of the path. */
export const BUCKET = 'bench';

const MODIFIED_FIELD = `Last-Modified: ${LAST_MODIFIED.toUTCString()}`;

/** Responds as S3 does, but does not check signatures: the gateway's cost of signing is measured, the origin's is not. */
export function respond(request: RequestHead, objects: readonly BenchObject[]): OriginResponse {
  const { method, path, query } = request;
  if (method !== 'GET' && method !== 'HEAD') return failure(method, 405, 'MethodNotAllowed');
  const [, bucket, ...rest] = path.split('/');
  const key = rest.join('/');
  if (bucket !== BUCKET) return failure(method, 404, 'NoSuchBucket');
  if (key === '') return xml(method, 200, listing(objects, new URLSearchParams(query).get('prefix') ?? ''));
  const object = findObject(objects, key);
  return object === undefined ? failure(method, 404, 'NoSuchKey') : respondWithObject(request, object);
}

function respondWithObject(request: RequestHead, object: BenchObject): OriginResponse {
  const { method } = request;
  const { size } = object;
  const tag = `"${object.tag}"`;
  const validators = [`ETag: ${tag}`, MODIFIED_FIELD];
  if (!matches(request.field('if-match'), tag, true)) return failure(method, 412, 'PreconditionFailed');
  if (matches(request.field('if-none-match'), tag, false)) return { head: head(304, validators), body: undefined };
  const range = toRange(request.field('range'), size);
  if (range === 'unsatisfiable')
    return failure(method, 416, 'InvalidRange', `<ActualObjectSize>${size}</ActualObjectSize>`);
  const { start, end } = range ?? { start: 0, end: size };
  const status = range === undefined ? 200 : 206;
  return {
    head: head(status, [
      ...validators,
      'Accept-Ranges: bytes',
      'Content-Type: application/octet-stream',
      `Content-Length: ${end - start}`,
      ...(range === undefined ? [] : [`Content-Range: bytes ${start}-${end - 1}/${size}`]),
    ]),
    body: method === 'HEAD' ? undefined : { start, end },
  };
}

/** @param absent the result if the field is absent */
function matches(list: string | undefined, tag: string, absent: boolean): boolean {
  if (list === undefined) return absent;
  return list === '*' || list.split(',').some((item) => item.trim() === tag);
}

/** Reads a single range. As S3 does, ignores a field with several ranges or a malformed one. */
function toRange(field: string | undefined, size: number) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(field ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') return { start: Math.max(0, size - Number(last)), end: size };
  const start = Number(first);
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  206: 'Partial Content',
  304: 'Not Modified',
  404: 'Not Found',
  405: 'Method Not Allowed',
  412: 'Precondition Failed',
  416: 'Range Not Satisfiable',
};

function head(status: number, fields: readonly string[]): string {
  const lines = [`HTTP/1.1 ${status} ${REASONS[status] ?? ''}`, 'x-amz-request-id: bench', 'Server: bench', ...fields];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function failure(method: string, status: number, code: string, more = ''): OriginResponse {
  return xml(method, status, `<Error><Code>${code}</Code><Message>${code}</Message>${more}</Error>`);
}

function xml(method: string, status: number, element: string): OriginResponse {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${element}`;
  const fields = ['Content-Type: application/xml', `Content-Length: ${text.length}`];
  return { head: head(status, fields), body: method === 'HEAD' ? undefined : text };
}

/** Lists the bucket, which rclone does before it reads an object. */
function listing(objects: readonly BenchObject[], prefix: string): string {
  const matching = objects.filter(({ key }) => key.startsWith(prefix));
  const contents = matching.map(
    (object) =>
      `<Contents><Key>${object.key}</Key><LastModified>${LAST_MODIFIED.toISOString()}</LastModified>` +
      `<ETag>&quot;${object.tag}&quot;</ETag><Size>${object.size}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
  );
  return (
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${BUCKET}</Name><Prefix>${prefix}</Prefix>` +
    `<KeyCount>${matching.length}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`
  );
}
