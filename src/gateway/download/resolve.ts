import {
  checkPreconditions,
  decide,
  firstAsk,
  sameSpan,
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

/** The status of an answer, and what it is made of. */
export type Resolution =
  | { readonly status: 404 }
  | { readonly status: 304; readonly metadata: Metadata }
  | { readonly status: 412 }
  | { readonly status: 416; readonly size: number }
  | {
      readonly status: 200 | 206;
      readonly decision: ByteDecision;
      readonly representation: Representation;
      /** The first read, opened; absent if no byte is to be sent. */
      readonly first?: OpenObject | undefined;
    };

/** A request to the storage. `pin` says where the If-Match of a read comes from. */
type StorageRequest =
  | { readonly type: 'head' }
  | { readonly type: 'read'; readonly pin: 'client' | 'if-range' | 'version'; readonly options: ReadOptions };

/** The answer of the storage; `metadata` is that to a HEAD. */
type StorageResponse =
  | OpenObject
  | BodilessResult
  | { readonly type: 'metadata'; readonly representation: Representation };

type NextStep =
  | { readonly type: 'resolved'; readonly resolution: Resolution }
  | { readonly type: 'request'; readonly request: StorageRequest };

/**
 * Requests to the storage for one answer. One is usual. The first answer may show that other bytes are due, and each
 * replacement of the object in between costs one more.
 */
const MAX_REQUESTS = 4;

/**
 * Asks the storage for what the client most likely gets, and decides from its answer. Only if other bytes are due, asks
 * again, pinned to the version just seen. A body that is not used is closed.
 *
 * @throws StoreError if the storage can't answer; `version-changed` if the object is replaced before each read
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
  const first = firstAsk(request, policy);
  if (first.ask === 'head') return HEAD;
  const conditions = clientConditions(request);
  const { range } = first;
  const { ifRange } = request;
  // The tag of If-Range becomes one more condition, because a range of another version is of no use to the client. Not
  // if a 304 may be due: S3 would evaluate If-None-Match only after If-Match.
  const mayBeUnmodified = conditions.ifNoneMatch !== undefined || conditions.ifModifiedSince !== undefined;
  if (ifRange?.type !== 'tag' || mayBeUnmodified)
    return { type: 'read', pin: 'client', options: { range, conditions } };
  return { type: 'read', pin: 'if-range', options: { range, conditions: { ...conditions, ifMatch: [ifRange.tag] } } };
}

const HEAD: StorageRequest = { type: 'head' };

function clientConditions({ preconditions }: DownloadRequest): Preconditions {
  return preconditions.ifMatch === '*' ? { ...preconditions, ifMatch: undefined } : preconditions;
}

/** The strong tags that the client names. A weak one can't name a version (§13.1.1). */
function versionWanted({ preconditions: { ifMatch = '*' }, ifRange }: DownloadRequest): Preconditions | undefined {
  const known = ifMatch === '*' ? [] : ifMatch.filter((tag) => !tag.weak);
  if (known.length > 0) return { ifMatch: known };
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
    const representation = await store.head(key, { signal, conditions: versionWanted(request) });
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
      if (response.size === undefined || !isDecidedBySize(current, request)) return ask(HEAD);
      return decide(unconditional(request), { size: response.size }, policy).status === 416
        ? resolved({ status: 416, size: response.size })
        : ask(HEAD);
  }
}

/** The request without its range, if the storage has ignored that: then Range is ignored, and the whole is due (§14.2). */
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
      const due = request.method === 'HEAD' ? undefined : firstSpan(decision);
      if (due === undefined) return resolved({ status, decision, representation });
      if (opened !== undefined && sameSpan(opened.span, due)) {
        return resolved({ status, decision, representation, first: opened });
      }
      return ask({ type: 'read', pin: 'version', options: pinnedRead(due, representation) });
    }
  }
}

/** Evaluates all conditions again: the storage was given some of them only. */
function afterUnmodified(metadata: Metadata | undefined, { preconditions }: DownloadRequest): NextStep {
  if (metadata === undefined) return ask(HEAD);
  switch (checkPreconditions(preconditions, metadata)) {
    case 'unmodified':
      return resolved({ status: 304, metadata });
    case 'modified':
      return resolved({ status: 412 });
    case 'hold':
      return ask(HEAD);
  }
}

/**
 * Whether only the size is missing to decide about a range that the storage calls unsatisfiable. It is not if the
 * client's conditions or If-Range may still change the answer to 412, 304 or 200. Other members of a set may be
 * satisfiable even so, and a suffix of an empty object is answered 200.
 */
function isDecidedBySize(current: StorageRequest, { preconditions, ifRange }: DownloadRequest): boolean {
  const isRangeDue = ifRange === undefined || (current.type === 'read' && current.pin === 'if-range');
  return isRangeDue && Object.values(preconditions).every((condition) => condition === undefined);
}

function unconditional(request: DownloadRequest): DownloadRequest {
  return { ...request, preconditions: {}, ifRange: undefined };
}

/** After an If-Match that failed, if the storage did not send the metadata of the current version. */
function afterVersionChanged(current: StorageRequest, first: StorageRequest, request: DownloadRequest): NextStep {
  if (current.type === 'head') return ask(first);
  switch (current.pin) {
    case 'client':
      return resolved({ status: 412 });
    case 'if-range':
      return ask({ type: 'read', pin: 'client', options: { conditions: clientConditions(request) } });
    case 'version':
      return ask(first);
  }
}

/** The bytes of the first read of a decision; `undefined` if there are none to send. */
function firstSpan(decision: ByteDecision): Span | undefined {
  if (decision.status === 206) return decision.form === 'single' ? decision.span : decision.reads[0]?.span;
  return decision.span.end === 0 ? undefined : decision.span;
}

function resolved(resolution: Resolution): NextStep {
  return { type: 'resolved', resolution };
}

function ask(request: StorageRequest): NextStep {
  return { type: 'request', request };
}
