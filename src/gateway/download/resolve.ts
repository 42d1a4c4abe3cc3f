import {
  checkPreconditions,
  decide,
  firstRead,
  equalSpans,
  type ByteDecision,
  type DownloadRequest,
  type Metadata,
  type Preconditions,
  type RangePolicy,
  type Representation,
  type Span,
} from '../../http/index.ts';
import type { BodilessResult, ObjectStore, OpenObject, ReadOptions } from '../../store/object-store.ts';
import { storeError } from '../../store/store-error.ts';
import { assertMatchesRequest, assertSize, isRangeIgnored, pinnedRead } from './pinned-read.ts';

/** The status of the response, and the values that it is made of. */
export type Resolution =
  | { readonly status: 404 }
  | { readonly status: 304; readonly metadata: Metadata }
  | { readonly status: 412 }
  | { readonly status: 416; readonly size: number }
  | {
      readonly status: 200 | 206;
      readonly decision: ByteDecision;
      readonly representation: Representation;
      /** The first read, opened; absent if no byte has to be sent. */
      readonly first?: OpenObject | undefined;
    };

/** A request to the storage. `ifMatchFrom` names the source of the If-Match of a read: `client` stands for
 * the client's own conditions, which need not contain one. */
type StorageRequest =
  | { readonly type: 'head' }
  | { readonly type: 'read'; readonly ifMatchFrom: 'client' | 'if-range' | 'version'; readonly options: ReadOptions };

/** A response of the storage; `metadata` is the response to a HEAD. */
type StorageResponse =
  | OpenObject
  | BodilessResult
  | { readonly type: 'metadata'; readonly representation: Representation };

type NextStep =
  | { readonly type: 'resolved'; readonly resolution: Resolution }
  | { readonly type: 'request'; readonly request: StorageRequest };

/**
 * The highest number of storage requests for one response. One is usual. A second is needed if the first shows that
 * other bytes have to be sent, and another each time the object is replaced in between.
 */
const MAX_REQUESTS = 4;

/**
 * Reads the bytes that the response most likely contains, and decides the status from the storage's response. If other
 * bytes have to be sent, it reads again, pinned to the version just seen. Bodies that are not used are closed.
 *
 * @param request the header fields of the client as values
 * @param signal aborts the storage requests
 * @throws StoreError if the storage can't be read; `version-changed` if the object is replaced before each read
 */
export async function resolve(
  store: ObjectStore,
  key: string,
  request: DownloadRequest,
  policy: RangePolicy,
  signal: AbortSignal,
): Promise<Resolution> {
  const first = firstRequest(request, policy);
  let current = first;
  for (let count = 0; count < MAX_REQUESTS; count++) {
    const response = await send(current, store, key, request, signal);
    const step = nextStep(response, current, first, request, policy);
    const isUsed = step.type === 'resolved' && 'first' in step.resolution && step.resolution.first === response;
    if (response.type === 'open' && !isUsed) await response.body.cancel().catch(() => undefined);
    if (step.type === 'resolved') return step.resolution;
    current = step.request;
  }
  throw storeError('version-changed', 'the object changed with every read');
}

function firstRequest(request: DownloadRequest, policy: RangePolicy): StorageRequest {
  const first = firstRead(request, policy);
  if (first.ask === 'head') return HEAD;
  const conditions = clientConditions(request);
  const { range } = first;
  const { ifRange } = request;
  // The entity tag of If-Range is sent as If-Match, because the client has no use for a range of another version. This
  // is not done if the response may be a 304, because S3 evaluates If-None-Match only after If-Match.
  const mayBeUnmodified = conditions.ifNoneMatch !== undefined || conditions.ifModifiedSince !== undefined;
  if (ifRange?.type !== 'tag' || mayBeUnmodified)
    return { type: 'read', ifMatchFrom: 'client', options: { range, conditions } };
  return {
    type: 'read',
    ifMatchFrom: 'if-range',
    options: { range, conditions: { ...conditions, ifMatch: [ifRange.tag] } },
  };
}

const HEAD: StorageRequest = { type: 'head' };

function clientConditions({ preconditions }: DownloadRequest): Preconditions {
  return preconditions.ifMatch === '*' ? { ...preconditions, ifMatch: undefined } : preconditions;
}

/** Returns the strong entity tags of the request as If-Match. A weak one does not identify a version (§13.1.1). */
function requestedVersion({ preconditions: { ifMatch = '*' }, ifRange }: DownloadRequest): Preconditions | undefined {
  const strongTags = ifMatch === '*' ? [] : ifMatch.filter((tag) => !tag.weak);
  if (strongTags.length > 0) return { ifMatch: strongTags };
  return ifRange?.type === 'tag' ? { ifMatch: [ifRange.tag] } : undefined;
}

async function send(
  storageRequest: StorageRequest,
  store: ObjectStore,
  key: string,
  request: DownloadRequest,
  signal: AbortSignal,
): Promise<StorageResponse> {
  if (storageRequest.type === 'head') {
    const representation = await store.head(key, { signal, conditions: requestedVersion(request) });
    if (representation === undefined) return { type: 'missing' };
    assertSize(representation);
    return { type: 'metadata', representation };
  }
  const options = { ...storageRequest.options, mayBeWhole: true };
  const response = await store.read(key, { ...options, signal });
  try {
    if ('representation' in response && response.representation !== undefined) assertSize(response.representation);
    if (response.type === 'open') await assertMatchesRequest(response, options);
    return response;
  } catch (error) {
    if (response.type === 'open') await response.body.cancel().catch(() => undefined);
    throw error;
  }
}

function nextStep(
  response: StorageResponse,
  current: StorageRequest,
  first: StorageRequest,
  request: DownloadRequest,
  policy: RangePolicy,
): NextStep {
  switch (response.type) {
    case 'missing':
      return resolved({ status: 404 });
    case 'open':
      return afterMetadata(response.representation, response, withoutIgnoredRange(request, response, current), policy);
    case 'metadata':
      return afterMetadata(response.representation, undefined, request, policy);
    case 'unmodified':
      return afterUnmodified(response.metadata, request);
    case 'version-changed':
      if (response.representation !== undefined) {
        return afterMetadata(response.representation, undefined, request, policy);
      }
      return afterVersionChanged(current, first, request);
    case 'unsatisfiable':
      if (response.representation !== undefined) {
        return afterMetadata(response.representation, undefined, request, policy);
      }
      if (response.size === undefined || !isDecidedBySize(current, request)) return requestNext(HEAD);
      return decide(unconditional(request), { size: response.size }, policy).status === 416
        ? resolved({ status: 416, size: response.size })
        : requestNext(HEAD);
  }
}

/** Removes the range from the request if the storage has ignored it, so that the whole object is sent (§14.2). */
function withoutIgnoredRange(request: DownloadRequest, opened: OpenObject, current: StorageRequest): DownloadRequest {
  if (current.type === 'head' || !isRangeIgnored(opened, { ...current.options, mayBeWhole: true })) return request;
  return { ...request, range: undefined };
}

function afterMetadata(
  representation: Representation,
  opened: OpenObject | undefined,
  request: DownloadRequest,
  policy: RangePolicy,
): NextStep {
  const decision = decide(request, representation, policy);
  switch (decision.status) {
    case 304:
      return resolved({ status: 304, metadata: representation });
    case 412:
      return resolved({ status: 412 });
    case 416:
      return resolved({ status: 416, size: representation.size });
    case 200:
    case 206: {
      const { status } = decision;
      const span = request.method === 'HEAD' ? undefined : firstSpan(decision);
      if (span === undefined) return resolved({ status, decision, representation });
      if (opened !== undefined && equalSpans(opened.span, span)) {
        return resolved({ status, decision, representation, first: opened });
      }
      return requestNext({ type: 'read', ifMatchFrom: 'version', options: pinnedRead(span, representation) });
    }
  }
}

/** The next step after a 304 of the storage, which evaluates only some of the conditions. */
function afterUnmodified(metadata: Metadata | undefined, { preconditions }: DownloadRequest): NextStep {
  if (metadata === undefined) return requestNext(HEAD);
  switch (checkPreconditions(preconditions, metadata)) {
    case 'unmodified':
      return resolved({ status: 304, metadata });
    case 'modified':
      return resolved({ status: 412 });
    case 'proceed':
      return requestNext(HEAD);
  }
}

/**
 * Returns whether the size alone decides about a range that the storage reports as unsatisfiable. It does not if the
 * conditions of the client or If-Range can still change the status to 412, 304 or 200. With the size, the status may
 * still not be 416: other ranges of a set may be satisfiable, and a suffix range of an empty object gets a 200.
 */
function isDecidedBySize(current: StorageRequest, { preconditions, ifRange }: DownloadRequest): boolean {
  const isRangeApplied = ifRange === undefined || (current.type === 'read' && current.ifMatchFrom === 'if-range');
  return isRangeApplied && Object.values(preconditions).every((condition) => condition === undefined);
}

function unconditional(request: DownloadRequest): DownloadRequest {
  return { ...request, preconditions: {}, ifRange: undefined };
}

/** The next step if If-Match failed and the storage did not send the metadata of the current version. */
function afterVersionChanged(current: StorageRequest, first: StorageRequest, request: DownloadRequest): NextStep {
  if (current.type === 'head') return requestNext(first);
  switch (current.ifMatchFrom) {
    case 'client':
      return resolved({ status: 412 });
    case 'if-range':
      return requestNext({ type: 'read', ifMatchFrom: 'client', options: { conditions: clientConditions(request) } });
    case 'version':
      return requestNext(first);
  }
}

/** Returns the bytes of the first read of a decision; `undefined` if no byte has to be sent. */
function firstSpan(decision: ByteDecision): Span | undefined {
  if (decision.status === 206) return decision.form === 'single' ? decision.span : decision.reads[0]?.span;
  return decision.span.end === 0 ? undefined : decision.span;
}

function resolved(resolution: Resolution): NextStep {
  return { type: 'resolved', resolution };
}

function requestNext(request: StorageRequest): NextStep {
  return { type: 'request', request };
}
