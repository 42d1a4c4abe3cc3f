import {
  checkPreconditions,
  contentRange,
  parsePreconditions,
  parseRange,
  printHttpDate,
  resolveSpec,
  toSeconds,
  type RangeSpec,
  type Span,
} from '../../src/http/index.ts';
import { CONTENT_TYPE, toRepresentation, versionAt, type StoredObject, type Version } from './stored-object.ts';

/** A request as S3 understands it. */
export interface S3Request {
  readonly method: string;
  readonly headers: Headers;
  readonly versionId?: string | undefined;
  /** The Range field's only member; S3 serves the whole for several. */
  readonly range?: RangeSpec | undefined;
}

/** The response of S3. */
export interface S3Answer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  /** Left out of the answer to a HEAD, but counted in its Content-Length. */
  readonly body: Uint8Array;
  /** Of a 200 or 206 only: the version, and its bytes in `body`. */
  readonly sent?: { readonly version: Version; readonly span: Span };
}

export function toS3Request(method: string, url: URL, headers: Headers): S3Request {
  const field = headers.get('Range');
  const [range, ...others] = (field === null ? undefined : parseRange(field, NO_LIMITS)) ?? [];
  const versionId = url.searchParams.get('versionId') ?? undefined;
  return { method, headers, versionId, range: others.length === 0 ? range : undefined };
}

const NO_LIMITS = { maxFieldLength: Infinity, maxRanges: Infinity };

/** The rules by which AWS answers GetObject and HeadObject. */
export function answer(request: S3Request, object: StoredObject | undefined): S3Answer {
  if (object === undefined) return s3Error(404, 'NoSuchKey');
  const { versionId } = request;
  const current = versionAt(object, object.current);
  const version = versionId === undefined ? current : object.versions.find((one) => one.versionId === versionId);
  return version === undefined ? s3Error(404, 'NoSuchVersion') : answerOf(version, request);
}

function answerOf(version: Version, { headers, range }: S3Request): S3Answer {
  switch (checkPreconditions(parsePreconditions(headers, toSeconds(new Date())), toRepresentation(version))) {
    case 'modified':
      return s3Error(412, 'PreconditionFailed');
    case 'unmodified':
      return { status: 304, fields: validators(version), body: NOTHING };
    case 'proceed':
      return serve(version, range);
  }
}

/** Whatever conditions there are: the bytes. */
export function serve(version: Version, range: RangeSpec | undefined): S3Answer {
  const { bytes } = version;
  const size = bytes.length;
  const fields = { ...validators(version), 'Accept-Ranges': 'bytes', 'Content-Type': CONTENT_TYPE };
  if (range === undefined) {
    return { status: 200, fields, body: bytes, sent: { version, span: { start: 0, end: size } } };
  }
  const span = resolveSpec(range, size);
  if (span === undefined) return s3Error(416, 'InvalidRange', `<ActualObjectSize>${size}</ActualObjectSize>`);
  const body = bytes.subarray(span.start, span.end);
  return {
    status: 206,
    fields: { ...fields, 'Content-Range': contentRange(span, size) },
    body,
    sent: { version, span },
  };
}

function validators({ tag, lastModified, versionId }: Version): Readonly<Record<string, string>> {
  return {
    ETag: `"${tag}"`,
    'Last-Modified': printHttpDate(toSeconds(lastModified)),
    ...(versionId !== undefined && { 'x-amz-version-id': versionId }),
  };
}

export function s3Error(status: number, code: string, more = ''): S3Answer {
  const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code>${more}</Error>`);
  return { status, fields: { 'Content-Type': 'application/xml' }, body };
}

const NOTHING = new Uint8Array(0);
