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
import { assertAsAsked, assertSize, isWholeInstead, pinned } from './pinned-read.ts';

/** What a request gets, and what its answer is made of. */
export type Acquisition =
  | { readonly status: 404 }
  | { readonly status: 304; readonly metadata: Metadata }
  | { readonly status: 412 }
  | { readonly status: 416; readonly size: number }
  | {
      readonly status: 200 | 206;
      readonly decision: ByteDecision;
      readonly representation: Representation;
      /** The first read, opened; absent where no byte is to be sent. */
      readonly first?: OpenObject | undefined;
    };

/** A question to the storage. `pin` says whose If-Match a read carries. */
type Question =
  | { readonly ask: 'head' }
  | { readonly ask: 'read'; readonly pin: 'client' | 'if-range' | 'version'; readonly options: ReadOptions };

type Answer = OpenObject | BodilessResult | { readonly type: 'known'; readonly representation: Representation };

/** What an answer leads to: the end, or the next question. */
type Step =
  | { readonly type: 'acquired'; readonly acquisition: Acquisition }
  | { readonly type: 'ask'; readonly question: Question };

/** A request, and the signal that its client has left. */
type AcquireRequest = DownloadRequest & { readonly signal: AbortSignal };

/**
 * Rounds of asking. One is usual, two where the first answer shows that other bytes are due, and each change of the
 * object under our hands costs one more.
 */
const MAX_ROUNDS = 4;

/**
 * Steps 5 and 6 of a request's way: asks the storage for what the client most likely gets, decides from what comes
 * back, and asks again, pinned to the version just seen, only where other bytes are due.
 *
 * @throws StoreError
 */
export async function acquire(
  store: ObjectStore,
  key: string,
  request: AcquireRequest,
  policy: RangePolicy,
): Promise<Acquisition> {
  const first = firstQuestion(request, policy);
  let question = first;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const answer = await put(question, store, key, request);
    const step = conclude(answer, question, first, request, policy);
    const isUsed = step.type === 'acquired' && 'first' in step.acquisition && step.acquisition.first === answer;
    if (answer.type === 'open' && !isUsed) await answer.body.cancel().catch(() => undefined);
    if (step.type === 'acquired') return step.acquisition;
    question = step.question;
  }
  throw storeError('changed', 'the object changed with every read');
}

function firstQuestion(request: DownloadRequest, policy: RangePolicy): Question {
  const first = firstAsk(request, policy);
  if (first.ask === 'head') return HEAD;
  const conditions = clientConditions(request);
  const { range } = first;
  const { ifRange } = request;
  // If-Range's tag is one more condition: a range of another version is of no use to the client. Not where a 304 may
  // be due, though, which S3 would look for only after it.
  const mayBeUnmodified = conditions.ifNoneMatch !== undefined || conditions.ifModifiedSince !== undefined;
  if (ifRange?.type !== 'tag' || mayBeUnmodified) return { ask: 'read', pin: 'client', options: { range, conditions } };
  return { ask: 'read', pin: 'if-range', options: { range, conditions: { ...conditions, ifMatch: [ifRange.tag] } } };
}

const HEAD: Question = { ask: 'head' };

function clientConditions({ preconditions }: DownloadRequest): Preconditions {
  return preconditions.ifMatch === '*' ? { ...preconditions, ifMatch: undefined } : preconditions;
}

/** Tags that the client knows the object by. A weak one holds for no version (§13.1.1). */
function versionWanted({ preconditions: { ifMatch = '*' }, ifRange }: DownloadRequest): Preconditions | undefined {
  const known = ifMatch === '*' ? [] : ifMatch.filter((tag) => !tag.weak);
  if (known.length > 0) return { ifMatch: known };
  return ifRange?.type === 'tag' ? { ifMatch: [ifRange.tag] } : undefined;
}

async function put(question: Question, store: ObjectStore, key: string, request: AcquireRequest): Promise<Answer> {
  const { signal } = request;
  if (question.ask === 'head') {
    const representation = await store.head(key, { signal, conditions: versionWanted(request) });
    if (representation === undefined) return { type: 'missing' };
    assertSize(representation);
    return { type: 'known', representation };
  }
  const options = { ...question.options, mayBeWhole: true };
  const answer = await store.read(key, { ...options, signal });
  try {
    if ('representation' in answer && answer.representation !== undefined) assertSize(answer.representation);
    if (answer.type === 'open') await assertAsAsked(answer, options);
    return answer;
  } catch (error) {
    if (answer.type === 'open') await answer.body.cancel().catch(() => undefined);
    throw error;
  }
}

function conclude(
  answer: Answer,
  question: Question,
  first: Question,
  request: DownloadRequest,
  policy: RangePolicy,
): Step {
  switch (answer.type) {
    case 'missing':
      return acquired({ status: 404 });
    case 'open':
      return concludeFrom(answer.representation, answer, withoutIgnored(request, answer, question), policy);
    case 'known':
      return concludeFrom(answer.representation, undefined, request, policy);
    case 'unmodified':
      return concludeUnmodified(answer.metadata, request);
    case 'changed':
      if (answer.representation !== undefined) return concludeFrom(answer.representation, undefined, request, policy);
      return concludeChanged(question, first, request);
    case 'unsatisfiable':
      if (answer.representation !== undefined) return concludeFrom(answer.representation, undefined, request, policy);
      if (answer.size === undefined || !isSettledBySize(question, request)) return ask(HEAD);
      return decide(unconditional(request), { size: answer.size }, policy).status === 416
        ? acquired({ status: 416, size: answer.size })
        : ask(HEAD);
  }
}

/** The request as it stands where the storage has ignored the range: Range is ignored, and the whole is due (§14.2). */
function withoutIgnored(request: DownloadRequest, answer: OpenObject, question: Question): DownloadRequest {
  if (question.ask === 'head' || !isWholeInstead(answer, { ...question.options, mayBeWhole: true })) return request;
  return { ...request, range: undefined };
}

function concludeFrom(
  representation: Representation,
  open: OpenObject | undefined,
  request: DownloadRequest,
  policy: RangePolicy,
): Step {
  const decision = decide(request, representation, policy);
  switch (decision.status) {
    case 304:
      return acquired({ status: 304, metadata: representation });
    case 412:
      return acquired({ status: 412 });
    case 416:
      return acquired({ status: 416, size: representation.size });
    case 200:
    case 206: {
      const { status } = decision;
      const due = request.method === 'HEAD' ? undefined : firstSpan(decision);
      if (due === undefined) return acquired({ status, decision, representation });
      if (open !== undefined && sameSpan(open.span, due))
        return acquired({ status, decision, representation, first: open });
      return ask({ ask: 'read', pin: 'version', options: pinned(due, representation) });
    }
  }
}

/** The storage has evaluated the conditions that it was given, which need not be all that there are. */
function concludeUnmodified(metadata: Metadata | undefined, { preconditions }: DownloadRequest): Step {
  if (metadata === undefined) return ask(HEAD);
  switch (checkPreconditions(preconditions, metadata)) {
    case 'unmodified':
      return acquired({ status: 304, metadata });
    case 'modified':
      return acquired({ status: 412 });
    case 'hold':
      return ask(HEAD);
  }
}

/**
 * Whether the size is all that is left to know where a storage calls the range asked for unsatisfiable. Not where the
 * client's own conditions or If-Range may still change the answer: to 412, to 304, or to 200. The other members of a
 * set may even so be satisfiable, and a suffix of an empty object is answered 200.
 */
function isSettledBySize(question: Question, { preconditions, ifRange }: DownloadRequest): boolean {
  const isRangeDue = ifRange === undefined || (question.ask === 'read' && question.pin === 'if-range');
  return isRangeDue && Object.values(preconditions).every((condition) => condition === undefined);
}

function unconditional(request: DownloadRequest): DownloadRequest {
  return { ...request, preconditions: {}, ifRange: undefined };
}

/** The storage told nothing of the version that it has instead. */
function concludeChanged(question: Question, first: Question, request: DownloadRequest): Step {
  if (question.ask === 'head') return ask(first);
  switch (question.pin) {
    case 'client':
      return acquired({ status: 412 });
    case 'if-range':
      return ask({ ask: 'read', pin: 'client', options: { conditions: clientConditions(request) } });
    case 'version':
      return ask(first);
  }
}

/** The bytes that the first read of a decision yields; `undefined` where there are none to send. */
function firstSpan(decision: ByteDecision): Span | undefined {
  if (decision.status === 206) return decision.form === 'single' ? decision.span : decision.reads[0]?.span;
  return decision.span.end === 0 ? undefined : decision.span;
}

function acquired(acquisition: Acquisition): Step {
  return { type: 'acquired', acquisition };
}

function ask(question: Question): Step {
  return { type: 'ask', question };
}
