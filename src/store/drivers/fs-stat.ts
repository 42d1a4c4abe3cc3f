import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * File systems stamp a change with the time of the kernel's last tick, 10 ms apart at the most (CONFIG_HZ 100). Two
 * changes within one tick get one stamp, so a stamp says nothing until its tick is over.
 */
const TICK_MS = 20;

/** Some (FAT, HFS+, old NFS) keep whole seconds; their stamps end in nine zeros. */
const COARSE_MS = 2_000;

/** More waits than this, and somebody is writing all the time. */
const MAX_WAITS = 3;

/** A file's state, and whether any later change of its bytes is sure to show in it. */
export interface SettledStat {
  readonly stat: BigIntStats;
  readonly settled: boolean;
}

/** Reads a file's state, and waits until the last change's tick is over: at once but for files changed just now. */
export async function settledStat(handle: FileHandle): Promise<SettledStat> {
  for (let waits = 0; ; waits++) {
    const stat = await handle.stat({ bigint: true });
    const wait = unsettledFor(stat, Date.now());
    if (wait <= 0) return { stat, settled: true };
    if (waits === MAX_WAITS) return { stat, settled: false };
    await sleep(wait);
  }
}

/** Milliseconds until a change can't get the same stamp any more. A stamp in the future counts as one of now. */
function unsettledFor(stat: BigIntStats, now: number): number {
  const granularity = stat.ctimeNs % SECOND_NS === 0n ? COARSE_MS : TICK_MS;
  const age = Math.max(0, now - Number(stat.ctimeMs));
  return granularity - age;
}

/**
 * A strong tag for a file's bytes (§8.8.1). The change time is the kernel's own and can't be set back as the
 * modification time can; the inode tells a file that was put in the place of another.
 */
export function fileTag(stat: BigIntStats): string {
  return [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].map((number) => number.toString(36)).join('-');
}

/**
 * Whether the modification time is the time of the last change (§8.8.2.2). It can be set back, by `touch`, `rsync -t`
 * or `tar`, so that two versions have one; the change time can't be set, and is later then.
 */
export function isDateStrong({ ctimeNs, mtimeNs }: BigIntStats): boolean {
  return ctimeNs / SECOND_NS <= mtimeNs / SECOND_NS;
}

const SECOND_NS = 1_000_000_000n;
