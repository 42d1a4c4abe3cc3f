import { steadyTime } from '../base/clock.ts';
import type { Representation } from '../http/index.ts';
import { lruMap } from '../base/lru-map.ts';
import type { CallOptions, ObjectStore } from '../store/object-store.ts';
import type { CacheAccount } from '../store/request-stats.ts';
import { isPassing, isStoreError } from '../store/store-error.ts';
import { SHARE_TIMEOUT, within } from './with-timeout.ts';

/** How long what is known of an object holds, in ms. */
export interface Freshness {
  /** Metadata, before the storage is asked whether they have changed. */
  readonly ttl: number;
  /** That there is no such object. */
  readonly negativeTtl: number;
  /** After `ttl`: used once more, while the storage is asked behind the answer (RFC 5861, section 3). */
  readonly staleWhileRevalidate: number;
  /** After `ttl`: used where the storage can't be asked (RFC 5861, section 4). */
  readonly staleIfError: number;
}

/** What is known of a key. */
export type Finding =
  /** `isNew` says whether the storage was asked for this request. */
  | { readonly type: 'present'; readonly representation: Representation; readonly isNew: boolean }
  | { readonly type: 'absent' };

/** A call, and what the cache does for it. */
export interface AccountedCall extends CallOptions {
  readonly account: CacheAccount;
}

/** Keeps what a question to the storage brought; `undefined` where there is no such object. */
export type Note = (representation: Representation | undefined) => void;

/** A question to the storage. `old` is what was known and no longer holds; `note` is called with what may be remembered. */
export type Ask<Answer> = (old: Representation | undefined, note: Note) => Promise<Answer>;

/** Keeps the metadata of objects, and asks the storage only where what is known does not hold. */
export interface MetadataCache {
  /**
   * What is known of a key; where that does not hold, the answer of `ask`. One question about a key is put at a time:
   * a request that comes while it is under way waits for what it brings.
   *
   * @throws StoreError what the storage answers the question with
   */
  find<Answer>(key: string, call: AccountedCall, ask: Ask<Answer>): Promise<Answer | Finding>;
  /** The same, by a question for metadata alone. */
  describe(key: string, call: AccountedCall): Promise<Finding>;
  /** The question for metadata alone, as an {@link Ask}. */
  head(key: string, call: CallOptions, note: Note): Promise<Finding>;
  /** Forgets a key, and makes an answer that is under way out of date. */
  forget(key: string): void;
  /** The same, where this is still all that is known: what was learnt since is kept, and so is the tag to ask with. */
  doubt(key: string, representation: Representation): void;
}

type Knowledge =
  | { readonly type: 'present'; readonly representation: Representation; readonly since: number }
  | { readonly type: 'absent'; readonly since: number };

/** Whether knowledge can be used as it is, while it is checked, only if it can't be checked, or not at all. */
type Standing = 'fresh' | 'while-revalidating' | 'if-error' | 'stale';

/** Keys whose metadata are kept at once. An entry takes about 1 KB. */
const CAPACITY = 10_000;

/** Makes a cache of metadata that knows nothing yet. */
export function metadataCache(store: ObjectStore, freshness: Freshness): MetadataCache {
  const entries = lruMap<Knowledge>(CAPACITY);
  const questions = new Map<string, { readonly answer: Promise<unknown> }>();

  const standing = (knowledge: Knowledge) => standingOf(knowledge, freshness, steadyTime());

  /** Tells the request how long what is known holds. */
  function tellAge(key: string, { account }: AccountedCall): void {
    const knowledge = entries.get(key);
    if (knowledge !== undefined) account.ttl = timeLeft(knowledge, freshness, steadyTime());
  }

  async function once<Answer>(key: string, ask: (note: Note) => Promise<Answer>): Promise<Answer | Finding> {
    const other = questions.get(key);
    if (other !== undefined) {
      await settled(other.answer);
      const knowledge = entries.get(key);
      if (knowledge !== undefined && standing(knowledge) === 'fresh') return toFinding(knowledge);
    }
    const isCurrent = () => questions.get(key) === question;
    // An answer that was overtaken, by a purge or a later question, is not remembered.
    const note: Note = (representation) => isCurrent() && entries.set(key, toKnowledge(representation));
    const question = { answer: Promise.resolve().then(() => ask(note)) };
    questions.set(key, question);
    try {
      return await question.answer;
    } finally {
      if (isCurrent()) questions.delete(key);
    }
  }

  async function head(key: string, { tally }: CallOptions, note: Note): Promise<Finding> {
    let isForbidden = false;
    const onForbidden = () => (isForbidden = true);
    const representation = await store.head(key, { tally, onForbidden });
    if (!isForbidden) note(representation);
    return representation === undefined ? { type: 'absent' } : { type: 'present', representation, isNew: true };
  }

  async function find<Answer>(key: string, call: AccountedCall, ask: Ask<Answer>): Promise<Answer | Finding> {
    const knowledge = entries.get(key);
    const how = knowledge === undefined ? 'stale' : standing(knowledge);
    tellAge(key, call);
    if (knowledge !== undefined && how === 'fresh') return toFinding(knowledge);
    if (knowledge !== undefined && how === 'while-revalidating') {
      // The client does not wait for the answer, so its cost is not of this request.
      const work = once(key, (note) => head(key, {}, note)).catch(() => undefined);
      call.defer?.(work);
      return toFinding(knowledge);
    }
    call.account.forward = knowledge === undefined ? 'uri-miss' : 'stale';
    const old = knowledge?.type === 'present' ? knowledge.representation : undefined;
    try {
      return await once(key, (note) => ask(old, note));
    } catch (error) {
      if (knowledge !== undefined && how === 'if-error' && isPassing(error)) return toFinding(knowledge);
      throw error;
    } finally {
      tellAge(key, call);
    }
  }

  return {
    find,
    describe: (key, call) => find<Finding>(key, call, (_, note) => head(key, call, note)),
    head,
    forget(key) {
      entries.delete(key);
      questions.delete(key);
    },
    doubt(key, representation) {
      const knowledge = entries.get(key);
      const isSame =
        knowledge?.type === 'present' && knowledge.representation.etag?.opaque === representation.etag?.opaque;
      if (!isSame) return;
      entries.set(key, { ...knowledge, since: Number.NEGATIVE_INFINITY });
      questions.delete(key);
    },
  };
}

function toKnowledge(representation: Representation | undefined): Knowledge {
  const since = steadyTime();
  return representation === undefined ? { type: 'absent', since } : { type: 'present', representation, since };
}

function toFinding(knowledge: Knowledge): Finding {
  return knowledge.type === 'absent'
    ? { type: 'absent' }
    : { type: 'present', representation: knowledge.representation, isNew: false };
}

function standingOf(knowledge: Knowledge, freshness: Freshness, at: number): Standing {
  const age = at - knowledge.since;
  if (knowledge.type === 'absent') return age < freshness.negativeTtl ? 'fresh' : 'stale';
  const { ttl, staleWhileRevalidate, staleIfError } = freshness;
  if (age < ttl) return 'fresh';
  if (age < ttl + staleWhileRevalidate) return 'while-revalidating';
  return age < ttl + staleIfError ? 'if-error' : 'stale';
}

/** How long knowledge is still fresh, in ms; less than 0 where it is not. */
function timeLeft({ type, since }: Knowledge, { ttl, negativeTtl }: Freshness, at: number): number {
  return since + (type === 'absent' ? negativeTtl : ttl) - at;
}

/**
 * Waits for another request's question. On Workers it may never end for anyone else: then it is as good as none.
 *
 * @throws StoreError what the storage answered it with
 */
async function settled(answer: Promise<unknown>): Promise<void> {
  try {
    await within(SHARE_TIMEOUT, answer);
  } catch (error) {
    if (isStoreError(error)) throw error;
  }
}
