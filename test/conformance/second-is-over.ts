import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Resolves when the second of `time` is over, so that dates which name it are strong (§8.8.2.2): at once, unless it is
 * the present second. For storages that set the date themselves, and so can't be told an earlier one.
 *
 * @param time in ms since the epoch
 */
export async function secondIsOver(time: number): Promise<void> {
  const end = (Math.floor(time / 1_000) + 1) * 1_000;
  while (Date.now() < end) await sleep(end - Date.now());
}
