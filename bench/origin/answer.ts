import { findObject, LAST_MODIFIED, type BenchObject } from './objects.ts';
import type { RequestHead } from './request-head.ts';

/** What goes out: a head, and a text or bytes of an object after it. */
export interface OriginAnswer {
  readonly head: string;
  readonly body: { readonly start: number; readonly end: number } | string | undefined;
}

/** Bucket of all objects, in the path. */
export const BUCKET = 'bench';

const MODIFIED_FIELD = `Last-Modified: ${LAST_MODIFIED.toUTCString()}`;

/** Answers as S3 would. Signatures are not looked at: what they cost the gateway is part of the measurement, not here. */
export function answer(request: RequestHead, objects: readonly BenchObject[]): OriginAnswer {
  const { method, path, query } = request;
  if (method !== 'GET' && method !== 'HEAD') return failure(method, 405, 'MethodNotAllowed');
  const [, bucket, ...rest] = path.split('/');
  const key = rest.join('/');
  if (bucket !== BUCKET) return failure(method, 404, 'NoSuchBucket');
  if (key === '') return xml(method, 200, listing(objects, new URLSearchParams(query).get('prefix') ?? ''));
  const object = findObject(objects, key);
  return object === undefined ? failure(method, 404, 'NoSuchKey') : answerObject(request, object);
}

function answerObject(request: RequestHead, object: BenchObject): OriginAnswer {
  const { method } = request;
  const { size } = object;
  const tag = `"${object.tag}"`;
  const validators = [`ETag: ${tag}`, MODIFIED_FIELD];
  if (!matches(request.field('if-match'), tag, true)) return failure(method, 412, 'PreconditionFailed');
  if (matches(request.field('if-none-match'), tag, false)) return { head: head(304, validators), body: undefined };
  const span = toSpan(request.field('range'), size);
  if (span === 'unsatisfiable')
    return failure(method, 416, 'InvalidRange', `<ActualObjectSize>${size}</ActualObjectSize>`);
  const { start, end } = span ?? { start: 0, end: size };
  const status = span === undefined ? 200 : 206;
  return {
    head: head(status, [
      ...validators,
      'Accept-Ranges: bytes',
      'Content-Type: application/octet-stream',
      `Content-Length: ${end - start}`,
      ...(span === undefined ? [] : [`Content-Range: bytes ${start}-${end - 1}/${size}`]),
    ]),
    body: method === 'HEAD' ? undefined : { start, end },
  };
}

/** @param absent what a field that is not there means */
function matches(list: string | undefined, tag: string, absent: boolean): boolean {
  if (list === undefined) return absent;
  return list === '*' || list.split(',').some((one) => one.trim() === tag);
}

/** S3 serves a single range; several, or anything malformed, are no range at all. */
function toSpan(field: string | undefined, size: number) {
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

function failure(method: string, status: number, code: string, more = ''): OriginAnswer {
  return xml(method, status, `<Error><Code>${code}</Code><Message>${code}</Message>${more}</Error>`);
}

function xml(method: string, status: number, element: string): OriginAnswer {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${element}`;
  const fields = ['Content-Type: application/xml', `Content-Length: ${text.length}`];
  return { head: head(status, fields), body: method === 'HEAD' ? undefined : text };
}

/** For clients that look into the bucket before they read, as rclone does. */
function listing(objects: readonly BenchObject[], prefix: string): string {
  const found = objects.filter(({ key }) => key.startsWith(prefix));
  const contents = found.map(
    (object) =>
      `<Contents><Key>${object.key}</Key><LastModified>${LAST_MODIFIED.toISOString()}</LastModified>` +
      `<ETag>&quot;${object.tag}&quot;</ETag><Size>${object.size}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
  );
  return (
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${BUCKET}</Name><Prefix>${prefix}</Prefix>` +
    `<KeyCount>${found.length}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`
  );
}
