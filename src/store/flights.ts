import type { BlockName } from '../cache/block-cache.ts';
import type { ToReader } from './chunk-stream.ts';
import { semaphore } from '../semaphore.ts';
import { readSegment, type Segment, type SegmentPlan } from './segment.ts';

/** A block that is being read. */
export interface Flight {
  readonly id: string;
  readonly block: Promise<Uint8Array>;
  readonly segment: Segment;
}

/** What is to take off: blocks that one read of the storage brings. */
export interface Departure {
  readonly plan: Omit<SegmentPlan, 'onLeft'>;
  /** Of the blocks, in order. */
  readonly names: readonly BlockName[];
  /** Called with what a block failed with. */
  readonly onFailed: (error: unknown) => void;
  readonly open: () => Promise<ReadableStream<Uint8Array>>;
  /** Keeps the platform at work until a block is kept. */
  readonly defer: ((work: Promise<unknown>) => void) | undefined;
}

/** Blocks on their way from the storage into the cache, shared by all who ask for them. */
export interface Flights {
  find(name: BlockName): Flight | undefined;
  /** Whether there is room for so many bytes. They are in memory until they are kept, and nobody waits for them. */
  hasRoom(length: number): boolean;
  /** @returns `undefined` where there is no room */
  depart(departure: Departure): Segment | undefined;
  /** Takes it out. Only itself: another read of the block may have taken its place. */
  land(flight: Flight): void;
}

/** What flights are made of. */
export interface FlightsOptions {
  /** In bytes. */
  readonly capacity: number;
  readonly toReader: ToReader;
  /** Puts a block where it is found from then on. */
  readonly keep: (name: BlockName, block: Uint8Array) => Promise<void>;
}

/** Makes an empty sky. */
export function makeFlights({ capacity, toReader, keep }: FlightsOptions): Flights {
  const flights = new Map<string, Flight>();
  const room = semaphore(capacity);

  function land(flight: Flight): void {
    if (flights.get(flight.id) === flight) flights.delete(flight.id);
  }

  function depart({ plan, names, onFailed, open, defer }: Departure): Segment | undefined {
    const leave = room.tryAcquire(names.reduce((sum, { length }) => sum + length, 0));
    if (leave === undefined) return undefined;
    let flying = names.length;
    const settle = () => {
      if (flying === 0 && !segment.isHeld()) leave();
    };
    const segment = readSegment({ ...plan, onLeft: settle }, open, toReader);
    for (const [i, block] of segment.blocks.entries()) {
      const name = names[i];
      if (name === undefined) throw new RangeError('a block has no name');
      const flight = { id: idOf(name), block, segment };
      flights.set(flight.id, flight);
      const kept = block.then((bytes) => keep(name, bytes)).catch(onFailed);
      const landed = kept.then(() => {
        land(flight);
        flying--;
        settle();
      });
      defer?.(landed);
    }
    return segment;
  }

  return { find: (name) => flights.get(idOf(name)), hasRoom: (length) => room.hasRoom(length), depart, land };
}

function idOf({ key, etag, index }: BlockName): string {
  return JSON.stringify([key, etag, index]);
}
