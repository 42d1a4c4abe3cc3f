import type { ListedTransfer } from '../../client/watched-transfers.ts';
import { visible } from '../../base/page-text.ts';

/** Prints the path of an object, as the address of it has it, with invisible characters shown. */
export function pathOf({ mount, key }: { readonly mount: string; readonly key: string }): string {
  return visible(mount === '/' ? key : `${mount.replace(/\/$/, '')}/${key}`);
}

/** The most characters of the name of a reader. Names of clients are hashes, which differ at their beginning. */
const MAX_READER = 24;

/** Prints the name of a reader, shortened. */
export function readerOf(reader: string): string {
  const shown = visible(reader);
  return shown.length <= MAX_READER ? shown : `${shown.slice(0, MAX_READER - 1)}…`;
}

/** Prints the downloads that are complete, and the part of the next one: `42 %`, `2 × 100 % + 42 %`. */
export function progressText({ complete, progress }: ListedTransfer): string {
  const part = `${Math.floor(progress * 100)} %`;
  if (complete === 0) return part;
  const whole = complete === 1 ? '100 %' : `${complete} × 100 %`;
  return progress === 0 ? whole : `${whole} + ${part}`;
}

/** Returns how much of the present download is there, in percent. */
export function percentOf({ complete, progress }: ListedTransfer): number {
  return complete > 0 && progress === 0 ? 100 : Math.floor(progress * 100);
}

/** Prints how long ago a time is. @param now wall clock, ms since the epoch */
export function agoOf(time: string, now: number): string {
  // The clock of the browser may be behind that of the gateway.
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000));
  if (!(seconds < Infinity)) return '';
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** Prints a number with a noun. */
export function countedOf(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
