import {
  isPinnable,
  sameSpan,
  type Metadata,
  type Pinnable,
  type Preconditions,
  type RangeSpec,
  type Representation,
} from '../http/index.ts';
import { blocksOf, bytesOf } from '../cache/grid.ts';
import { steadyTime } from '../clock.ts';
import type { Adopted, BlockSource } from './block-source.ts';
import type { CacheAccount, CallOptions, ObjectStore, OpenObject, ReadOptions, ReadResult } from './object-store.ts';
import { makeQuestions } from './questions.ts';
import { makeRegister, standingOf, timeLeft, type Freshness, type Knowledge } from './register.ts';
import { select } from './slice.ts';
import type { Handover } from './spare.ts';
import { isArchived, isPassing } from './store-error.ts';

/** What is known of an object; or the answer itself, where asking brought it. */
export type Finding =
  | {
      readonly type: 'known';
      readonly representation: Representation;
      /** Whether the storage was asked for this request. */
      readonly isNew: boolean;
      /** To be called when the blocks that asking brought along are asked for, or not wanted. */
      readonly release?: (() => void) | undefined;
      /** What follows those blocks in the same read: for whoever gets the finding to take or to drop. */
      readonly spare?: Handover | undefined;
    }
  | { readonly type: 'answer'; readonly result: ReadResult };

/** A call, and what the cache does for it. */
export interface AccountedCall extends CallOptions {
  readonly account: CacheAccount;
}

/** Finds out about objects, and asks the storage only where what is known does not hold. */
export interface Inquirer {
  /** What a read needs to know. */
  find(key: string, asked: ReadOptions & AccountedCall): Promise<Finding>;
  /** Metadata alone. */
  describe(key: string, call: AccountedCall): Promise<Finding>;
  /** Makes the next question go to the storage. */
  forget(key: string): void;
  /** The same, where this is still all that is known: what was learnt since is kept. */
  doubt(key: string, representation: Representation): void;
}

/** What an inquirer is made of. */
export interface InquirerOptions {
  readonly store: ObjectStore;
  readonly source: BlockSource;
  readonly blockSize: number;
  readonly segment: number;
  readonly freshness: Freshness;
}

/** A range of less than this part of a block is read as it is, the first time. */
export const SMALL = 4;

/** Keeps what a question brought, unless it was overtaken; `undefined` where there is no such object. */
type Note = (representation: Representation | undefined) => void;

/** Makes an inquirer that knows nothing yet. Questions about one key are put one at a time. */
export function makeInquirer(options: InquirerOptions): Inquirer {
  const { store, source, blockSize, segment, freshness } = options;
  const register = makeRegister(steadyTime);
  const questions = makeQuestions();

  const standing = (knowledge: Knowledge) => standingOf(knowledge, freshness, steadyTime());

  /** Asks, or waits for whoever is asking the same. */
  function once(key: string, put: (note: Note) => Promise<Finding>): Promise<Finding> {
    return questions.put(
      key,
      (isCurrent) => put((representation) => isCurrent() && register.note(key, representation)),
      () => {
        const knowledge = register.look(key);
        return knowledge !== undefined && standing(knowledge) === 'fresh' ? toFinding(knowledge) : undefined;
      },
    );
  }

  /** What is known, as far as it holds; else asks. */
  async function consult(
    key: string,
    { account, defer }: AccountedCall,
    ask: (knowledge: Knowledge | undefined, note: Note) => Promise<Finding>,
  ): Promise<Finding> {
    const knowledge = register.look(key);
    const how = knowledge === undefined ? 'stale' : standing(knowledge);
    if (knowledge !== undefined) account.ttl = timeLeft(knowledge, freshness, steadyTime());
    if (knowledge !== undefined && how === 'fresh') return toFinding(knowledge);
    if (knowledge !== undefined && how === 'while-revalidating') {
      // Nobody waits for the answer, so its cost is nobody's.
      const work = once(key, (note) => head(key, {}, note)).catch(() => undefined);
      defer?.(work);
      return toFinding(knowledge);
    }
    account.forward = knowledge === undefined ? 'uri-miss' : 'stale';
    try {
      return await once(key, (note) => ask(knowledge, note));
    } catch (error) {
      if (knowledge !== undefined && how === 'if-error' && isPassing(error)) return toFinding(knowledge);
      throw error;
    } finally {
      const learnt = register.look(key);
      if (learnt !== undefined) account.ttl = timeLeft(learnt, freshness, steadyTime());
    }
  }

  async function head(key: string, { tally }: CallOptions, note: Note): Promise<Finding> {
    let isForbidden = false;
    const onForbidden = () => (isForbidden = true);
    const representation = await store.head(key, { tally, onForbidden });
    if (!isForbidden) note(representation);
    return representation === undefined ? MISSING : known(representation);
  }

  /** One question to the storage, in the form that brings bytes along which are of use. */
  async function read(
    key: string,
    asked: ReadOptions & AccountedCall,
    knowledge: Knowledge | undefined,
    note: Note,
  ): Promise<Finding> {
    const { tally } = asked;
    const old = knowledge?.type === 'present' ? toPinnable(knowledge.representation) : undefined;
    // A 304 need not tell the size, without which the next request would have to ask again.
    if (old === undefined && mayBeUnmodified(asked.conditions)) return head(key, asked, note);
    const probe = source.hasRoom() ? toProbe(asked.range, options) : { range: asked.range, isOfBlocks: false };
    const conditions = old === undefined ? asked.conditions : { ifNoneMatch: [old.etag] };
    let isForbidden = false;
    const onForbidden = () => (isForbidden = true);
    const call = { tally, range: probe.range, conditions, onForbidden };
    const result = await store.read(key, call).catch((error: unknown) => {
      if (isArchived(error)) return undefined;
      throw error;
    });
    // The metadata of an archived object can be asked for, and its blocks may be cached.
    if (result === undefined) return head(key, asked, note);
    switch (result.type) {
      case 'open':
        note(result.representation);
        return opened(key, asked, probe, result);
      case 'missing':
        if (!isForbidden) note(undefined);
        return MISSING;
      case 'unmodified':
        if (old === undefined) return head(key, asked, note);
        return learn(refreshed(old, result.metadata), note);
      case 'changed':
        if (result.representation !== undefined) note(result.representation);
        return { type: 'answer', result };
      case 'unsatisfiable':
        // An object without bytes, or a range beyond its end: which one, only the metadata tell.
        return result.representation === undefined ? head(key, asked, note) : learn(result.representation, note);
    }
  }

  async function opened(key: string, asked: ReadOptions & AccountedCall, probe: Probe, object: OpenObject) {
    const { representation, body, span } = object;
    const adopted = probe.isOfBlocks ? adopt(key, asked, object) : undefined;
    if (adopted !== undefined) return known(representation, adopted);
    const selection = select(representation, asked);
    if (selection.type === 'span' && sameSpan(selection.span, span)) {
      if (!isPinnable(representation)) asked.account.forward = 'bypass';
      return { type: 'answer', result: object } as const;
    }
    await body.cancel().catch(() => undefined);
    return known(representation);
  }

  /** Where the read has whole blocks, but for the object's last: whoever asks now finds the first of them under way. */
  function adopt(key: string, call: CallOptions, { representation, body, span }: OpenObject): Adopted | undefined {
    const all = blocksOf(span, blockSize);
    if (!isPinnable(representation) || !sameSpan(bytesOf(all, blockSize, representation.size), span)) return undefined;
    const range = { start: all.start, end: Math.min(all.end, all.start + segment) };
    return source.adopt({ key, representation, range, end: span.end }, body, call);
  }

  return {
    find: (key, asked) => consult(key, asked, (knowledge, note) => read(key, asked, knowledge, note)),
    describe: (key, call) => consult(key, call, (_, note) => head(key, call, note)),
    forget(key) {
      register.forget(key);
      questions.forget(key);
    },
    doubt(key, representation) {
      const knowledge = register.look(key);
      if (knowledge?.type !== 'present' || knowledge.representation.etag?.opaque !== representation.etag?.opaque)
        return;
      register.doubt(key);
      questions.forget(key);
    },
  };
}

const MISSING: Finding = { type: 'answer', result: { type: 'missing' } };

function known(representation: Representation, adopted?: Adopted): Finding {
  return { type: 'known', representation, isNew: true, ...adopted };
}

function learn(representation: Representation, note: Note): Finding {
  note(representation);
  return known(representation);
}

function toFinding(knowledge: Knowledge): Finding {
  return knowledge.type === 'absent'
    ? MISSING
    : { type: 'known', representation: knowledge.representation, isNew: false };
}

function toPinnable(representation: Representation): Pinnable | undefined {
  return isPinnable(representation) ? representation : undefined;
}

function mayBeUnmodified({ ifNoneMatch, ifModifiedSince }: Preconditions = {}): boolean {
  return ifNoneMatch !== undefined || ifModifiedSince !== undefined;
}

/** What a 304 does not tell stays as it was. */
function refreshed(old: Pinnable, told: Metadata = {}): Representation {
  const fields = Object.entries(told).filter(([, value]) => value !== undefined);
  return { ...old, ...Object.fromEntries(fields), etag: old.etag, size: old.size };
}

/** What is asked of the storage while the object is not known. */
interface Probe {
  readonly range: RangeSpec | undefined;
  readonly isOfBlocks: boolean;
}

/**
 * Small ranges and suffixes as they are; for anything else, whole blocks from where it starts to its end. Of those the
 * first are read, and the rest stays open.
 */
function toProbe(range: RangeSpec | undefined, { blockSize }: InquirerOptions): Probe {
  if (range?.form === 'suffix') return { range, isOfBlocks: false };
  const start = Math.floor((range?.start ?? 0) / blockSize) * blockSize;
  if (range?.form !== 'bounded') return { range: { form: 'from', start }, isOfBlocks: true };
  if (range.end - range.start <= blockSize / SMALL) return { range, isOfBlocks: false };
  const end = Math.ceil(range.end / blockSize) * blockSize;
  return { range: { form: 'bounded', start, end }, isOfBlocks: true };
}
