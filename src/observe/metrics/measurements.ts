import type { DownloadEvent, DownloadStart, Observer } from '../event.ts';
import { INSTRUMENTS, PROCESS_INSTRUMENTS, type Instrument, type ProcessValue } from './instruments.ts';

/** All numbers at one time, as plain data that processes can send each other. */
export interface MetricsSnapshot {
  /** The values of all series of `INSTRUMENTS` in their order, by the name of the mount; empty if none matched. */
  readonly mounts: Readonly<Record<string, readonly number[]>>;
  /** Downloads that are running, by the name of the mount. */
  readonly active: Readonly<Record<string, number>>;
  /** The values of the process that are known. */
  readonly process: Readonly<Partial<Record<ProcessValue, number>>>;
}

/** A snapshot of a process that has done nothing. */
export const EMPTY_SNAPSHOT: MetricsSnapshot = { mounts: {}, active: {}, process: {} };

/** The numbers of one process. */
export interface Measurements {
  /** Adds the requests of a gateway. */
  readonly observer: Observer;
  /** Begins the series of mounts at zero, so that their first increase is seen. */
  readonly addMounts: (names: readonly string[]) => void;
  readonly snapshot: () => Pick<MetricsSnapshot, 'mounts' | 'active'>;
}

/** Adds the values of a request to the numbers of its mount. */
type Recorder = (values: number[], event: DownloadEvent) => void;

/** The recorder of each instrument, and the number of all series. */
const { recorders, length } = makeRecorders();

function makeRecorders() {
  let next = 0;
  const made = INSTRUMENTS.map((instrument) => {
    const first = next;
    next += seriesCount(instrument);
    return makeRecorder(instrument, first);
  });
  return { recorders: made, length: next };
}

/** Returns how many values an instrument has: one a series, or those of a histogram: its buckets, and the sum. */
export function seriesCount(instrument: Instrument): number {
  return instrument.type === 'counter' ? Object.keys(instrument.series).length : instrument.bounds.length + 2;
}

function makeRecorder(instrument: Instrument, first: number): Recorder {
  if (instrument.type === 'counter') {
    const amounts = Object.values(instrument.series);
    return (values, event) => {
      for (const [i, amount] of amounts.entries()) add(values, first + i, amount(event));
    };
  }
  const { bounds, value } = instrument;
  const last = bounds.length;
  return (values, event) => {
    const measured = value(event);
    let bucket = 0;
    while (bucket < last && measured > (bounds[bucket] ?? 0)) bucket++;
    add(values, first + bucket, 1);
    add(values, first + last + 1, measured);
  };
}

function add(values: number[], index: number, amount: number): void {
  values[index] = (values[index] ?? 0) + amount;
}

/**
 * Counts the requests of a gateway, by mount. A request takes no more than some additions. Nothing that a client sends
 * makes a series: there are as many as mounts times classes.
 *
 * @param nameOf returns the name of a mount
 */
export function measureRequests(nameOf: (mount: NonNullable<DownloadStart['mount']>) => string): Measurements {
  const mounts = new Map<string, number[]>();
  /** The name of each mount by its location, which is the same object for all its requests. */
  const names = new WeakMap<NonNullable<DownloadStart['mount']>, string>();
  /** The mounts of running downloads, by the number of the request. */
  const active = new Map<number, string>();

  function nameOfEvent({ mount }: DownloadStart): string {
    if (mount === undefined) return '';
    const known = names.get(mount);
    if (known !== undefined) return known;
    const name = nameOf(mount);
    names.set(mount, name);
    return name;
  }

  function valuesOf(name: string): number[] {
    const known = mounts.get(name);
    if (known !== undefined) return known;
    const values = Array.from({ length }, () => 0);
    mounts.set(name, values);
    return values;
  }

  return {
    observer: {
      start: (event) => void active.set(event.serial, nameOfEvent(event)),
      end(event) {
        active.delete(event.serial);
        const values = valuesOf(nameOfEvent(event));
        for (const record of recorders) record(values, event);
      },
    },
    addMounts(added) {
      for (const name of added) valuesOf(name);
    },
    snapshot() {
      const counts: Record<string, number> = {};
      for (const name of mounts.keys()) counts[name] = 0;
      for (const name of active.values()) counts[name] = (counts[name] ?? 0) + 1;
      return { mounts: Object.fromEntries([...mounts].map(([name, values]) => [name, [...values]])), active: counts };
    },
  };
}

/** Adds up the numbers of several processes. */
export function sumSnapshots(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const mounts: Record<string, number[]> = {};
  const active: Record<string, number> = {};
  const sums: Partial<Record<ProcessValue, number>> = {};
  for (const snapshot of snapshots) {
    for (const [name, values] of Object.entries(snapshot.mounts)) {
      const sum = (mounts[name] ??= values.map(() => 0));
      for (const [i, value] of values.entries()) add(sum, i, value);
    }
    for (const [name, count] of Object.entries(snapshot.active)) active[name] = (active[name] ?? 0) + count;
    for (const name of PROCESS_VALUES) {
      const value = snapshot.process[name];
      if (value !== undefined) sums[name] = (sums[name] ?? 0) + value;
    }
  }
  return { mounts, active, process: sums };
}

const PROCESS_VALUES: readonly ProcessValue[] = ['connections', 'lostTransferChanges'];

/** Returns the numbers that remain of a process that has ended: its counters, and no gauge. */
export function withoutGauges({ mounts, process }: MetricsSnapshot): MetricsSnapshot {
  const counters: Partial<Record<ProcessValue, number>> = {};
  for (const name of PROCESS_VALUES) {
    const value = process[name];
    if (PROCESS_INSTRUMENTS[name].type === 'counter' && value !== undefined) counters[name] = value;
  }
  return { mounts, active: {}, process: counters };
}
