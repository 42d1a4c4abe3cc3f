import type { Representation } from '../http/index.ts';
import { lruMap } from '../lru-map.ts';

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
export type Knowledge =
  | { readonly type: 'present'; readonly representation: Representation; readonly since: number }
  | { readonly type: 'absent'; readonly since: number };

/** Whether knowledge can be used as it is, while it is checked, only if it can't be checked, or not at all. */
export type Standing = 'fresh' | 'while-revalidating' | 'if-error' | 'stale';

/** Keys whose metadata are kept at once. An entry takes about 1 KB. */
const CAPACITY = 10_000;

/** Keeps what was learnt of keys. */
export interface Register {
  look(key: string): Knowledge | undefined;
  note(key: string, representation: Representation | undefined): void;
  forget(key: string): void;
  /** Keeps what is known, but to be asked about before it is used again. */
  doubt(key: string): void;
}

/** Makes a register that forgets what was not looked at for longest. */
export function makeRegister(now: () => number): Register {
  const entries = lruMap<Knowledge>(CAPACITY);
  return {
    look: (key) => entries.get(key),
    note(key, representation) {
      const since = now();
      entries.set(
        key,
        representation === undefined ? { type: 'absent', since } : { type: 'present', representation, since },
      );
    },
    forget: (key) => entries.delete(key),
    doubt(key) {
      const entry = entries.get(key);
      if (entry !== undefined) entries.set(key, { ...entry, since: Number.NEGATIVE_INFINITY });
    },
  };
}

/** How far knowledge can be used at a time, in ms as its `since` is counted. */
export function standingOf(knowledge: Knowledge, freshness: Freshness, at: number): Standing {
  const age = at - knowledge.since;
  if (knowledge.type === 'absent') return age < freshness.negativeTtl ? 'fresh' : 'stale';
  const { ttl, staleWhileRevalidate, staleIfError } = freshness;
  if (age < ttl) return 'fresh';
  if (age < ttl + staleWhileRevalidate) return 'while-revalidating';
  return age < ttl + staleIfError ? 'if-error' : 'stale';
}

/** How long knowledge is still fresh at a time, in ms; less than 0 where it is not. */
export function timeLeft({ type, since }: Knowledge, { ttl, negativeTtl }: Freshness, at: number): number {
  return since + (type === 'absent' ? negativeTtl : ttl) - at;
}
