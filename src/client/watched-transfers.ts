/** A transfer as the API of a gateway prints it, as far as lists show it. */
export interface ListedTransfer {
  readonly id: string;
  readonly mount: string;
  readonly key: string;
  /** In bytes. */
  readonly size?: number;
  readonly reader: string;
  readonly state: string;
  readonly complete: number;
  readonly progress: number;
  readonly bytesSent: number;
  /** The most requests that ran at the same time. */
  readonly connections?: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
}

/** Reads a list of transfers from parsed JSON. Other values are omitted. */
export function listedTransfers(value: unknown): readonly ListedTransfer[] {
  return Array.isArray(value) ? value.filter(isListed) : [];
}

function isListed(value: unknown): value is ListedTransfer {
  if (typeof value !== 'object' || value === null) return false;
  const has = (name: string, type: 'string' | 'number') => typeof Reflect.get(value, name) === type;
  const texts = ['id', 'mount', 'key', 'reader', 'state', 'firstSeen', 'lastSeen'];
  return (
    texts.every((name) => has(name, 'string')) &&
    ['complete', 'progress', 'bytesSent'].every((name) => has(name, 'number')) &&
    ['size', 'connections'].every((name) => Reflect.get(value, name) === undefined || has(name, 'number'))
  );
}

/** The transfers that a stream of events has told of, and their rates. */
export interface WatchedTransfers {
  /** Applies an event. @returns the transfers that are new or have changed */
  apply(type: string, data: unknown): readonly ListedTransfer[];
  /** The newest first. */
  list(): readonly ListedTransfer[];
  /** Returns bytes a second since the change before; `undefined` while it is not known, and when it is too old. */
  rate(id: string): number | undefined;
}

/**
 * Creates an empty list of transfers.
 *
 * @param now a clock in ms
 * @param maxAge how long a rate is told, in ms; by default until the next change
 */
export function watchedTransfers(now: () => number, maxAge = Infinity): WatchedTransfers {
  let known = new Map<string, ListedTransfer>();
  const samples = new Map<string, { readonly at: number; readonly bytes: number; readonly rate: number | undefined }>();

  function sample({ id, bytesSent }: ListedTransfer): void {
    const before = samples.get(id);
    const at = now();
    const seconds = before === undefined ? 0 : (at - before.at) / 1000;
    const isMeasured = before !== undefined && seconds > 0 && bytesSent > before.bytes;
    const rate = isMeasured ? (bytesSent - before.bytes) / seconds : undefined;
    samples.set(id, { at, bytes: bytesSent, rate });
  }

  return {
    apply(type, data) {
      const { transfers, removed } = typeof data === 'object' && data !== null ? parts(data) : NOTHING;
      const before = known;
      if (type === 'transfers') known = new Map();
      for (const id of removed) known.delete(id);
      const changed = transfers.filter((one) => JSON.stringify(before.get(one.id)) !== JSON.stringify(one));
      for (const transfer of transfers) known.set(transfer.id, transfer);
      for (const transfer of changed) sample(transfer);
      for (const id of samples.keys()) if (!known.has(id)) samples.delete(id);
      return changed;
    },
    list: () => [...known.values()].toSorted((a, b) => compare(b.firstSeen, a.firstSeen) || compare(b.id, a.id)),
    rate(id) {
      const found = samples.get(id);
      return found === undefined || now() - found.at > maxAge ? undefined : found.rate;
    },
  };
}

const NOTHING = { transfers: [], removed: [] };

function parts(data: object) {
  const removed: unknown = Reflect.get(data, 'removed');
  return {
    transfers: listedTransfers(Reflect.get(data, 'transfers')),
    removed: Array.isArray(removed) ? removed.filter((id) => typeof id === 'string') : [],
  };
}

function compare(a: string, b: string): number {
  return Number(a > b) - Number(a < b);
}
