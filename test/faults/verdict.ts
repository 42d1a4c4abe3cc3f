import { Buffer } from 'node:buffer';
import {
  bodyLength,
  contentRange,
  decide,
  decisionParts,
  multipartTail,
  parseRequest,
  partHead,
  printHttpDate,
  toSeconds,
  type ByteDecision,
} from '../../src/http/index.ts';
import { parseSettings, toRangePolicy } from '../../src/config/settings.ts';
import { boundaryOf, parseByteranges } from '../conformance/multipart.ts';
import { valuesOf, type WireRequest, type WireResponse } from '../conformance/wire.ts';
import type { Received } from './client.ts';
import { CONTENT_TYPE, toRepresentation, type StoredObject, type Version } from './stored-object.ts';

/** The verdict on a response: its end, and the violations; none if the response is allowed. */
export interface Verdict {
  /** `error` is a 502 or 503. */
  readonly outcome: Received['outcome'] | 'error';
  readonly reasons: readonly string[];
}

/**
 * The one promise: an answer is byte for byte the answer for exactly one version of the object, the one whose tag it
 * names, or visibly broken off on the way there, or an error that says so. The bytes before a break are judged as
 * strictly as the rest, since clients keep it and continue behind it.
 *
 * The right response for a version is computed by `decide`, which has its own tests.
 */
export function judge(request: WireRequest, received: Received, object: StoredObject | undefined): Verdict {
  if (received.outcome === 'silent') return { outcome: 'silent', reasons: [] };
  const { outcome, response } = received;
  const { status } = response;
  if (status === 502 || status === 503) return { outcome: 'error', reasons: checkProblem(request, response) };
  const versions = object?.versions ?? [];
  if (status === 200 || status === 206) {
    const version = versions.find((one) => isNamed(one, response));
    const reasons =
      version === undefined ? ['no version has the tag and date that it has'] : checkBytes(request, response, version);
    return { outcome, reasons };
  }
  const isDue =
    object === undefined ? status === 404 : versions.some((version) => isBodiless(request, response, version));
  const reasons = isDue ? [] : [`${status} is not due for any version`];
  return { outcome, reasons: status === 304 ? reasons : [...reasons, ...checkProblem(request, response)] };
}

const policy = toRangePolicy(parseSettings({}));

function decideFor({ method, headers }: WireRequest, version: Version) {
  const now = toSeconds(new Date());
  const fields = new Headers(headers.map(([name, value]): [string, string] => [name, value]));
  return decide(
    parseRequest(method === 'HEAD' ? 'HEAD' : 'GET', fields, policy, now),
    toRepresentation(version),
    policy,
  );
}

/** By tag and by date: versions that are equal, as all empty ones are, have one tag. */
function isNamed({ tag, lastModified }: Version, response: WireResponse): boolean {
  const date = printHttpDate(toSeconds(lastModified));
  return valueOf(response, 'etag') === `"${tag}"` && valueOf(response, 'last-modified') === date;
}

/** 304, 412 and 416, as far as they tell of which version they are. */
function isBodiless(request: WireRequest, response: WireResponse, version: Version): boolean {
  const { status } = response;
  if (decideFor(request, version).status !== status) return false;
  if (status === 304) return valueOf(response, 'etag') === `"${version.tag}"`;
  return status !== 416 || valueOf(response, 'content-range') === `bytes */${version.bytes.length}`;
}

function checkBytes(request: WireRequest, response: WireResponse, version: Version): readonly string[] {
  const decision = decideFor(request, version);
  const { status } = response;
  if (decision.status !== 200 && decision.status !== 206) return [`${status} where ${decision.status} was due`];
  if (decision.status !== status) return [`${status} where ${decision.status} was due`];
  const isMultipart = decision.status === 206 && decision.form === 'multipart';
  const range =
    decision.status === 206 && decision.form === 'single' ? contentRange(decision.span, version.bytes.length) : '';
  const length = String(bodyLength(decision, toRepresentation(version)));
  return [
    ...differs('Content-Range', valueOf(response, 'content-range'), range),
    ...differs('Content-Length', valueOf(response, 'content-length'), length),
    ...(isMultipart ? [] : differs('Content-Type', valueOf(response, 'content-type'), CONTENT_TYPE)),
    ...(request.method === 'HEAD' ? differs('body', response.body.length, 0) : checkBody(response, decision, version)),
  ];
}

/** All of the body where it is complete, else the beginning of it. */
function checkBody(response: WireResponse, decision: ByteDecision, version: Version): readonly string[] {
  const { body, complete } = response;
  const due = bodyOf(decision, version, response);
  if (complete && body.length !== due.length) return [`${body.length} bytes ended cleanly, ${due.length} were due`];
  if (body.length > due.length) return [`${body.length} bytes where ${due.length} were due`];
  if (Buffer.compare(body, due.subarray(0, body.length)) !== 0) {
    const at = body.findIndex((byte, i) => byte !== due[i]);
    return [`byte ${at} of ${body.length} is not of the version ${version.tag}`];
  }
  if (complete && decision.status === 206 && decision.form === 'multipart') parseByteranges(body, boundary(response));
  return [];
}

function bodyOf(decision: ByteDecision, version: Version, response: WireResponse): Uint8Array {
  const { bytes } = version;
  if (decision.status === 200 || decision.form === 'single') {
    return bytes.subarray(decision.span.start, decision.span.end);
  }
  const parts = decisionParts(decision).flatMap((span) => [
    Buffer.from(partHead(boundary(response), CONTENT_TYPE, span, bytes.length), 'latin1'),
    bytes.subarray(span.start, span.end),
  ]);
  return Buffer.concat([...parts, Buffer.from(multipartTail(boundary(response)), 'latin1')]);
}

function boundary(response: WireResponse): string {
  return boundaryOf(valueOf(response, 'content-type'));
}

/** RFC 9457; never broken off, since it is all there before it is sent. */
function checkProblem({ method }: WireRequest, response: WireResponse): readonly string[] {
  return [
    ...(response.complete ? [] : ['an error that is broken off']),
    ...differs('Content-Type of an error', valueOf(response, 'content-type'), 'application/problem+json'),
    ...(method === 'HEAD' ? differs('body', response.body.length, 0) : []),
  ];
}

function valueOf(response: WireResponse, name: string): string {
  return valuesOf(response, name).join(' | ');
}

function differs(what: string, got: string | number, due: string | number): readonly string[] {
  return got === due ? [] : [`${what} is "${got}" where "${due}" was due`];
}
