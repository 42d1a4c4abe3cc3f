import { decide, parseRequest, toSeconds, type RangePolicy, type Representation } from '../../src/http/index.ts';
import type { Fixture } from '../conformance/fixtures.ts';
import { messageInvariants } from '../conformance/message-invariants.ts';
import { boundaryOf, parseByteranges } from '../conformance/multipart.ts';
import { objectInvariants } from '../conformance/object-invariants.ts';
import { valuesOf, type WireResponse } from '../conformance/wire.ts';
import { readResponses } from './responses.ts';
import type { SentRequest, SocketCase } from './socket-case.ts';

/** An object that is served, and what a plain HEAD of it is answered. */
export interface ServedObject {
  readonly representation: Representation;
  readonly head: WireResponse;
}

/** The objects and settings of the server. */
export interface Served {
  readonly objects: ReadonlyMap<Fixture, ServedObject>;
  readonly policy: RangePolicy;
}

/** A connection that has ended. */
export interface Ended {
  readonly received: Buffer;
  /** Whether the client had to end it. */
  readonly halfClosed: boolean;
}

/** The statuses that the gateway or Node's parser may send. 500, 502 and 503 are not among them, because this store does not fail. */
const STATUSES = new Set([200, 204, 206, 304, 400, 404, 405, 408, 412, 413, 416, 417, 431]);

/**
 * Holds all that came over a connection to what was sent.
 *
 * @returns the statuses, in order
 * @throws Error that says what is wrong
 */
export function checkSocket({ requests, mangled }: SocketCase, ended: Ended, served: Served): readonly number[] {
  const methods = requests.map(({ method }) => method);
  const responses = readResponses(ended.received, methods);
  for (const [i, response] of responses.entries()) {
    const request = requests[i];
    const isLast = i === responses.length - 1;
    if (!response.complete) {
      if (isLast && ended.halfClosed && mangled) continue;
      throw new Error(`answer ${i} (${response.status}) is not whole`);
    }
    if (!STATUSES.has(response.status)) throw new Error(`answer ${i} has the status ${response.status}`);
    if (mangled && isLast && isRefusal(response)) continue;
    if (request !== undefined) checkResponse(response, request, served, i);
  }
  if (!mangled && responses.length !== requests.length)
    throw new Error(`${responses.length} answers to ${requests.length} requests`);
  return responses.map(({ status }) => status);
}

/** Node's parser refuses a message at once, and with it what was pipelined before and is not answered yet. */
function isRefusal({ status, headers, body }: WireResponse): boolean {
  return [400, 408, 413, 431].includes(status) && headers.length === 1 && body.length === 0;
}

function checkResponse(response: WireResponse, request: SentRequest, { objects, policy }: Served, index: number): void {
  const { method, fixture, lines } = request;
  const object = fixture === undefined ? undefined : objects.get(fixture);
  const seen = { method, response, fixture, head: object?.head };
  const wrong = [...messageInvariants, ...objectInvariants].flatMap((invariant) => invariant(seen));
  if (wrong.length > 0) throw new Error(`answer ${index}: ${wrong.join('; ')}`);
  if (method === 'GET' && fixture !== undefined) checkBytes(response, fixture);
  if (object === undefined || (method !== 'GET' && method !== 'HEAD')) return;
  const headers = new Headers();
  for (const [name, value] of lines) headers.append(name, value);
  const now = toSeconds(new Date());
  const { status } = decide(parseRequest(method, headers, policy, now), object.representation, policy);
  if (status !== response.status) throw new Error(`answer ${index} is ${response.status}, decided was ${status}`);
}

function checkBytes(response: WireResponse, { bytes }: Fixture): void {
  const { status, body } = response;
  if (status === 200) return mustEqual(body, bytes);
  if (status !== 206) return;
  const [range] = valuesOf(response, 'content-range');
  if (range === undefined) {
    const parts = parseByteranges(body, boundaryOf(valuesOf(response, 'content-type').join()));
    for (const part of parts) mustEqual(part.bytes, bytes.subarray(part.start, part.end));
    return;
  }
  const [first = 0, last = 0] = (/^bytes (\d+)-(\d+)\//.exec(range) ?? []).slice(1).map(Number);
  mustEqual(body, bytes.subarray(first, last + 1));
}

function mustEqual(got: Uint8Array, wanted: Uint8Array): void {
  if (Buffer.compare(got, wanted) !== 0) throw new Error(`${got.length} bytes that are not those of the object`);
}
