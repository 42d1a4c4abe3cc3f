import { blocksOf, bytesOf, type BlockRange } from '../cache/grid.ts';
import type { RangeSpec, Representation } from '../http/index.ts';
import type { BlockSource } from './block-source.ts';
import type { CallOptions, ObjectStore, OpenObject, ReadOptions, ReadResult } from './object-store.ts';
import { isPinnable } from './pinnable.ts';
import { makeRegister, standingOf, type Freshness, type Knowledge } from './register.ts';
import { select } from './select.ts';
import { isPassing } from './store-error.ts';
import type { CacheAccount } from './tally.ts';
import { within } from './within.ts';

/** What is known of an object; or the answer itself, where asking brought it. */
export type Finding =
  | { readonly type: 'known'; readonly representation: Representation; readonly isNew: boolean }
  | { readonly type: 'answer'; readonly result: ReadResult };

/** A call, and what the cache does for it. */
export interface AccountedCall extends CallOptions {
  readonly account: CacheAccount;
}

/** Finds out about objects, and asks the storage only where what is known does not hold. */
export interface Inquirer {
  find(key: string, asked: ReadOptions & AccountedCall): Promise<Finding>;
  head(key: string, call: AccountedCall): Promise<Representation | undefined>;
  /** Makes the next question go to the storage. */
  forget(key: string): void;
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

/** How long the question of another request is waited for, in ms. */
const SHARE_TIMEOUT = 10_000;

/** Makes an inquirer that knows nothing yet. Questions about one key are put one at a time. */
export function makeInquirer(options: InquirerOptions): Inquirer {
  const { store, freshness } = options;
  const register = makeRegister(Date.now);
  const running = new Map<string, Promise<unknown>>();

  /** Puts a question that nobody else is putting; else waits for that one, and says what it brought. */
  async function once<Answer>(
    key: string,
    put: () => Promise<Answer>,
    fromKnown: (knowledge: Knowledge) => Answer,
  ): Promise<Answer> {
    const other = running.get(key);
    if (other !== undefined) {
      await within(SHARE_TIMEOUT, other);
      const knowledge = register.look(key);
      if (knowledge !== undefined && standingOf(knowledge, freshness, Date.now()) === 'fresh')
        return fromKnown(knowledge);
      return put();
    }
    const answer = put();
    running.set(key, answer);
    try {
      return await answer;
    } finally {
      running.delete(key);
    }
  }

  async function find(key: string, asked: ReadOptions & AccountedCall): Promise<Finding> {
    const knowledge = register.look(key);
    const { account } = asked;
    if (knowledge !== undefined) {
      const standing = standingOf(knowledge, freshness, Date.now());
      account.ttl = knowledge.since + freshness.ttl - Date.now();
      if (standing === 'fresh') return toFinding(knowledge);
      if (standing === 'while-revalidating') {
        asked.defer?.(once(key, () => inquire(key, background(asked), knowledge), toFinding).catch(() => undefined));
        return toFinding(knowledge);
      }
      account.forward = 'stale';
      try {
        return await once(key, () => inquire(key, asked, knowledge), toFinding);
      } catch (error) {
        if (standing === 'if-error' && isPassing(error)) return toFinding(knowledge);
        throw error;
      }
    }
    account.forward = 'uri-miss';
    return once(key, () => inquire(key, asked, undefined), toFinding);
  }

  /** One question to the storage, in the form that brings bytes along which are of use. */
  async function inquire(
    key: string,
    asked: ReadOptions & AccountedCall,
    knowledge: Knowledge | undefined,
  ): Promise<Finding> {
    const { tally, account } = asked;
    const probe = toProbe(asked.range, options);
    const old =
      knowledge?.type === 'present' && isPinnable(knowledge.representation) ? knowledge.representation : undefined;
    const conditions = old === undefined ? asked.conditions : { ifNoneMatch: [old.etag] };
    const result = await store.read(key, { tally, range: probe.range, conditions });
    account.ttl = freshness.ttl;
    switch (result.type) {
      case 'open':
        return opened(key, asked, probe, result);
      case 'missing':
        register.note(key, undefined);
        return { type: 'answer', result };
      case 'unmodified':
        if (old === undefined) return { type: 'answer', result };
        // What a 304 does not tell stays as it was.
        return known(key, { ...old, ...result.metadata, size: old.size });
      case 'changed':
        if (result.representation !== undefined) register.note(key, result.representation);
        return { type: 'answer', result };
      case 'unsatisfiable':
        return unsatisfiable(key, asked, result.representation);
    }
  }

  async function opened(
    key: string,
    asked: ReadOptions & AccountedCall,
    probe: Probe,
    object: OpenObject,
  ): Promise<Finding> {
    const { representation, body, span } = object;
    if (!isPinnable(representation)) {
      register.note(key, representation);
      if (probe.range === asked.range) return { type: 'answer', result: object };
      await body.cancel();
      return { type: 'answer', result: await options.store.read(key, asked) };
    }
    if (probe.blocks === undefined) {
      const selection = select(representation, asked);
      if (selection.type === 'span') {
        register.note(key, representation);
        return { type: 'answer', result: object };
      }
      await body.cancel();
      return known(key, representation);
    }
    // The read has whole blocks, but for the object's last: whoever asks now finds them under way.
    const range = blocksOf(span, options.blockSize);
    const due = bytesOf(range, options.blockSize, representation.size);
    if (due.start === span.start && due.end === span.end) {
      options.source.adopt({ key, representation, range }, body, asked);
    } else await body.cancel();
    return known(key, representation);
  }

  /** An object without bytes, or a range beyond its end: which one, only the metadata tell. */
  async function unsatisfiable(
    key: string,
    asked: AccountedCall,
    representation: Representation | undefined,
  ): Promise<Finding> {
    const found = representation ?? (await store.head(key, { tally: asked.tally }));
    if (found !== undefined) return known(key, found);
    register.note(key, undefined);
    return { type: 'answer', result: { type: 'missing' } };
  }

  function known(key: string, representation: Representation): Finding {
    register.note(key, representation);
    return { type: 'known', representation, isNew: true };
  }

  return {
    find,
    forget: (key) => register.forget(key),
    async head(key, call) {
      const knowledge = register.look(key);
      if (knowledge !== undefined && standingOf(knowledge, freshness, Date.now()) === 'fresh') {
        call.account.ttl = knowledge.since + freshness.ttl - Date.now();
        return toRepresentation(knowledge);
      }
      call.account.forward = knowledge === undefined ? 'uri-miss' : 'stale';
      const put = async () => {
        const representation = await store.head(key, { tally: call.tally });
        register.note(key, representation);
        return representation;
      };
      return once(key, put, toRepresentation);
    },
  };
}

function toFinding(knowledge: Knowledge): Finding {
  return knowledge.type === 'absent'
    ? { type: 'answer', result: { type: 'missing' } }
    : { type: 'known', representation: knowledge.representation, isNew: false };
}

function toRepresentation(knowledge: Knowledge): Representation | undefined {
  return knowledge.type === 'absent' ? undefined : knowledge.representation;
}

/** Nobody waits for the answer, so its bytes and its cost are nobody's. */
function background(asked: ReadOptions & AccountedCall): ReadOptions & AccountedCall {
  return {
    ...asked,
    range: { form: 'bounded', start: 0, end: 1 },
    conditions: undefined,
    account: { ...asked.account },
  };
}

/** What is asked of the storage while the object is not known. */
interface Probe {
  readonly range: RangeSpec | undefined;
  /** Where it is of whole blocks. */
  readonly blocks?: BlockRange;
}

/** Small ranges and suffixes as they are; for anything else, whole blocks from where it starts. */
function toProbe(range: RangeSpec | undefined, { blockSize, segment }: InquirerOptions): Probe {
  if (range?.form === 'suffix') return { range };
  const start = range?.start ?? 0;
  const isBounded = range?.form === 'bounded';
  if (isBounded && range.end - range.start <= blockSize / SMALL) return { range };
  const first = Math.floor(start / blockSize);
  const end = Math.min(first + segment, isBounded ? Math.ceil(range.end / blockSize) : Number.POSITIVE_INFINITY);
  return {
    range: { form: 'bounded', start: first * blockSize, end: end * blockSize },
    blocks: { start: first, end },
  };
}
