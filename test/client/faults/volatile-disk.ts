import type { Journal } from '../../../src/client/journal.ts';
import type { DownloadTarget } from '../../../src/client/restore.ts';
import type { Sink } from '../../../src/client/sink.ts';
import type { Random } from '../../faults/random.ts';

/** A disk for one file and its journal. A crash loses what was not synced, but for a random part of it. */
export interface VolatileDisk {
  /** What a process that starts now writes to. */
  target(): DownloadTarget;
  /** The machine crashes: calls of earlier targets never end. */
  crash(): void;
  /** The finished file. */
  file(): Uint8Array | undefined;
}

const PAGE = 4_096;

/** Makes an empty disk. Calls take a few ms, so that crashes fall into them. */
export function volatileDisk(draw: Random): VolatileDisk {
  let boot = 0;
  /** What the processes see, and what is on the disk. */
  let seen = new Uint8Array();
  let stored = new Uint8Array();
  let journal: string | undefined;
  /** A save or removal that has not ended. */
  let pendingJournal: { readonly text: string | undefined } | undefined;
  let finished: Uint8Array | undefined;

  /** Lets time pass. A call of a process that the crash has ended never returns. */
  async function pass(ownBoot: number): Promise<void> {
    await new Promise((resolve) => void setTimeout(resolve, draw.int(0, 4)));
    if (ownBoot !== boot) await new Promise(() => undefined);
  }

  function sinkOf(ownBoot: number): Sink {
    return {
      isSequential: false,
      async open() {
        await pass(ownBoot);
        return seen.length;
      },
      async write(position, bytes) {
        const copy = Uint8Array.from(bytes);
        await pass(ownBoot);
        const longer = new Uint8Array(Math.max(seen.length, position + copy.length));
        longer.set(seen);
        longer.set(copy, position);
        seen = longer;
      },
      async sync() {
        const synced = Uint8Array.from(seen);
        await pass(ownBoot);
        stored = synced;
      },
      async empty() {
        await pass(ownBoot);
        seen = new Uint8Array();
      },
      async finish(size) {
        await pass(ownBoot);
        if (seen.length !== size) throw new Error('the size is another');
        stored = Uint8Array.from(seen);
        finished = stored;
      },
      close: () => pass(ownBoot),
    };
  }

  function journalOf(ownBoot: number): Journal {
    async function put(text: string | undefined): Promise<void> {
      pendingJournal = { text };
      await pass(ownBoot);
      journal = text;
      pendingJournal = undefined;
    }
    return {
      async open() {
        await pass(ownBoot);
        return journal;
      },
      save: put,
      remove: () => put(undefined),
      close: () => pass(ownBoot),
    };
  }

  return {
    target: () => ({ sink: sinkOf(boot), journal: journalOf(boot) }),
    crash() {
      boot++;
      if (pendingJournal !== undefined && draw.chance(0.5)) journal = pendingJournal.text;
      pendingJournal = undefined;
      // The system had written some pages of its own accord, and had or had not stored the new length.
      const survived = new Uint8Array(draw.chance(0.5) ? Math.max(seen.length, stored.length) : stored.length);
      survived.set(stored.subarray(0, survived.length));
      for (let page = 0; page < seen.length; page += PAGE) {
        if (draw.chance(0.5))
          survived.set(
            seen.subarray(page, Math.min(page + PAGE, survived.length)),
            page < survived.length ? page : survived.length,
          );
      }
      stored = survived;
      seen = Uint8Array.from(stored);
    },
    file: () => finished,
  };
}
