import type { Random } from '../fuzz/random.ts';
import {
  aria2c,
  axel,
  curl,
  forget,
  hasBytes,
  isWhole,
  receive,
  runCommand,
  wget,
  type ReaderOf,
} from './counts-programs.ts';

const MiB = 2 ** 20;

/** The object of a scenario, at an address of its own. */
export interface Site {
  readonly bytes: Uint8Array;
  /** Makes a reader that no other run has. */
  newReader(): ReaderOf;
  /** Stores other bytes of the same length under a key of this run, and returns the reader of it. */
  replaceable(): Promise<{ readonly reader: ReaderOf; replace(): Promise<Uint8Array> }>;
  /** Sets the clock of the gateway to the start of the next day; absent where it has no clock that can be set. */
  readonly beginDay?: () => void;
}

/** What really happened in one run of a scenario. */
export interface Truth {
  /** Downloads that began, of any kind. */
  readonly attempts: number;
  /** Files that are whole and equal. */
  readonly complete: number;
  readonly isBroken: boolean;
  /** What the readers have on their disks, for receipts: one half-open interval each; none if they have no byte. */
  readonly kept: readonly { readonly reader: ReaderOf; readonly bytes: number }[];
}

/** A habit of clients. Its name is the path of its mount. */
export interface Scenario {
  readonly name: string;
  /** Runs among those of all scenarios together, beside one that each has. */
  readonly weight: number;
  run(site: Site, random: Random): Promise<Truth>;
}

/** Returns the truth of readers whose files are compared, and removes the files. */
function judged(site: Pick<Site, 'bytes'>, readers: readonly ReaderOf[], isBroken: boolean): Truth {
  const whole = readers.filter((reader) => hasBytes(reader, site.bytes));
  for (const reader of readers) forget(reader);
  const kept = whole.map((reader) => ({ reader, bytes: reader.size }));
  return { attempts: readers.length, complete: whole.length, isBroken, kept };
}

const whole =
  (command: Parameters<typeof runCommand>[0]): Scenario['run'] =>
  async (site) => {
    const reader = site.newReader();
    await runCommand(command, reader);
    return judged(site, [reader], false);
  };

/** Ends a download at each of some shares of its bytes, and continues it. */
const broken =
  (command: Parameters<typeof runCommand>[0], signal: 'SIGKILL' | 'SIGTERM', ...shares: readonly number[]) =>
  async (site: Site, random: Random): Promise<Truth> => {
    const reader = site.newReader();
    await breakOff(command, reader, signal, shares, random);
    if (!isWhole(reader)) await runCommand(command, reader);
    return judged(site, [reader], true);
  };

async function breakOff(
  command: Parameters<typeof runCommand>[0],
  reader: ReaderOf,
  signal: 'SIGKILL' | 'SIGTERM',
  shares: readonly number[],
  random: Random,
): Promise<void> {
  for (const share of shares) {
    const bytes = Math.floor(reader.size * share) - random.below(4 * MiB);
    if (!isWhole(reader)) await runCommand(command, reader, { bytes, signal });
  }
}

/** The scenarios whose truth is known. */
export const scenarios: readonly Scenario[] = [
  { name: 'curl', weight: 14, run: whole(curl) },
  { name: 'curl-broken-twice', weight: 2, run: broken(curl, 'SIGKILL', 0.35, 0.7) },
  { name: 'wget-continued', weight: 2, run: broken(wget, 'SIGKILL', 0.5) },
  {
    name: 'aria2c',
    weight: 4,
    run: (site, random) => {
      const command = aria2c(random.pick([4, 16]));
      return random.oneIn(2) ? whole(command)(site, random) : broken(command, 'SIGTERM', 0.4)(site, random);
    },
  },
  { name: 'axel', weight: 4, run: whole(axel(8)) },
  { name: 'player', weight: 2, run: watchVideo },
  { name: 'head', weight: 2, run: askForMetadata },
  { name: 'not-modified', weight: 2, run: revalidate },
  { name: 'leaving', weight: 1, run: leaveEarly },
  { name: 'web-seed', weight: 4, run: seed },
  { name: 'two-people', weight: 2, run: shareAgent },
  { name: 'replaced', weight: 1, run: continueReplaced },
  // Once: each further one is another day for all transfers of the run.
  { name: 'midnight', weight: 0, run: crossMidnight },
];

/** Reads the head and the tail, plays, seeks and leaves, and never has all bytes. */
async function watchVideo(site: Site, random: Random): Promise<Truth> {
  const reader = site.newReader();
  const { size } = reader;
  await receive(reader, { Range: 'bytes=0-' }, 256 * 1024);
  await receive(reader, { Range: `bytes=${size - 65_536}-` });
  for (const place of [0.1, 0.5, 0.75]) {
    const start = Math.floor(size * place) + random.below(MiB);
    await receive(reader, { Range: `bytes=${start}-` }, MiB + random.below(MiB));
  }
  // It throws away what it has shown.
  return { attempts: 1, complete: 0, isBroken: true, kept: [{ reader, bytes: 0 }] };
}

async function askForMetadata(site: Site, random: Random): Promise<Truth> {
  const reader = site.newReader();
  const times = 1 + random.below(3);
  for (let i = 0; i < times; i++) await receive(reader, {}, undefined, 'HEAD');
  return { attempts: 1, complete: 0, isBroken: false, kept: [] };
}

async function revalidate(site: Site): Promise<Truth> {
  const reader = site.newReader();
  const { etag = '' } = await receive(reader, {}, undefined, 'HEAD');
  const { status } = await receive(reader, { 'If-None-Match': etag });
  if (status !== 304) throw new Error(`304 expected, not ${status}`);
  return { attempts: 1, complete: 0, isBroken: false, kept: [] };
}

async function leaveEarly(site: Site): Promise<Truth> {
  const reader = site.newReader();
  const { bytes } = await receive(reader, {}, reader.size / 10);
  return { attempts: 1, complete: 0, isBroken: true, kept: [{ reader, bytes: bytes.length }] };
}

/** Fetches 64 pieces in any order over four connections, as a program with web seeds does. */
async function seed(site: Site, random: Random): Promise<Truth> {
  const reader = site.newReader();
  const length = Math.ceil(reader.size / 64);
  const starts = Array.from({ length: 64 }, (_, i) => i * length);
  const pieces = starts
    .map((start) => ({ start, order: random.below(1_000_000) }))
    .toSorted((a, b) => a.order - b.order);
  const file = Buffer.alloc(reader.size);
  async function work(): Promise<void> {
    for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
      const { start } = piece;
      const { bytes } = await receive(reader, { Range: `bytes=${start}-${Math.min(start + length, reader.size) - 1}` });
      bytes.copy(file, start);
    }
  }
  await Promise.all(Array.from({ length: 4 }, work));
  const isWholeFile = file.equals(site.bytes);
  const kept = isWholeFile ? [{ reader, bytes: reader.size }] : [];
  return { attempts: 1, complete: isWholeFile ? 1 : 0, isBroken: false, kept };
}

/** Two people behind one address with one program: each has a file. */
async function shareAgent(site: Site, random: Random): Promise<Truth> {
  const first = site.newReader();
  const second = { ...first, path: `${first.path}-second` };
  const isBroken = random.oneIn(2);
  if (isBroken) await breakOff(curl, first, 'SIGKILL', [0.4], random);
  await Promise.all([isWhole(first) ? undefined : runCommand(curl, first), runCommand(curl, second)]);
  return judged(site, [first, second], isBroken);
}

/** Goes on with an object that was replaced: a client with If-Range starts over, curl splices two versions. */
async function continueReplaced(site: Site, random: Random): Promise<Truth> {
  const { reader, replace } = await site.replaceable();
  if (random.oneIn(2)) {
    await breakOff(curl, reader, 'SIGKILL', [0.5], random);
    const isOld = isWhole(reader) && hasBytes(reader, site.bytes);
    const bytes = await replace();
    if (!isOld) await runCommand(curl, reader);
    const truth = judged({ bytes }, [reader], true);
    return isOld ? { ...truth, complete: 1 } : truth;
  }
  const { etag = '', bytes } = await receive(reader, {}, reader.size / 2);
  const other = await replace();
  const headers = { Range: `bytes=${bytes.length}-`, 'If-Range': etag };
  const received = await receive(reader, headers);
  return { attempts: 1, complete: received.bytes.equals(other) ? 1 : 0, isBroken: true, kept: [] };
}

/** Half of the object before midnight, the rest after it. */
async function crossMidnight(site: Site, random: Random): Promise<Truth> {
  const reader = site.newReader();
  await breakOff(curl, reader, 'SIGKILL', [0.5], random);
  site.beginDay?.();
  if (!isWhole(reader)) await runCommand(curl, reader);
  return judged(site, [reader], true);
}
