import type { ListedTransfer } from '../../client/watched-transfers.ts';
import { formatBytes, formatSeconds } from '../progress.ts';
import { printable } from '../../platform/node/line-log.ts';

const HEADINGS = ['KEY', 'READER', 'STATE', 'PROGRESS', 'RATE', 'SEEN'] as const;

/** The most characters of the two columns whose texts clients and users choose. */
const MAX_KEY = 48;
const MAX_READER = 28;

/**
 * Prints transfers as a table, a line each, the headings first.
 *
 * @param rate returns bytes a second; `undefined` if it is not known
 * @param now wall clock, ms since the epoch
 * @param columns of the terminal; longer lines are cut
 */
export function printTable(
  transfers: readonly ListedTransfer[],
  rate: (id: string) => number | undefined,
  now: number,
  columns: number,
): readonly string[] {
  const rows = transfers.map((transfer) => cellsOf(transfer, rate(transfer.id), now));
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [HEADINGS, ...rows].map((row) => {
    const cells = row.map((cell, i) => cell.padEnd(widths[i] ?? 0));
    return cells.join('  ').trimEnd().slice(0, columns);
  });
}

/** Prints one transfer as a line, for a file or a pipe. */
export function printLine(transfer: ListedTransfer, rate: number | undefined): string {
  const [key, reader, state, progress, speed] = cellsOf(transfer, rate, Date.parse(transfer.lastSeen));
  return `${transfer.lastSeen} ${key} ${reader} ${state} ${progress} ${speed}`;
}

function cellsOf(transfer: ListedTransfer, rate: number | undefined, now: number): readonly string[] {
  const { mount, key, reader, state, lastSeen } = transfer;
  const path = mount === '/' ? key : `${mount.replace(/\/$/, '')}/${key}`;
  return [
    lastCharacters(oneLine(path), MAX_KEY),
    reader.length <= MAX_READER ? oneLine(reader) : `${oneLine(reader).slice(0, MAX_READER - 1)}…`,
    state,
    printProgress(transfer),
    rate === undefined ? '-' : `${formatBytes(rate)}/s`,
    formatSeconds(Math.max(0, (now - Date.parse(lastSeen)) / 1000)),
  ];
}

/** The downloads that are complete, and the part of the next one: `100 %`, `42 %`, `2 × 100 % + 42 %`. */
function printProgress({ complete, progress }: ListedTransfer): string {
  const part = `${Math.floor(progress * 100)} %`;
  if (complete === 0) return part;
  const whole = complete === 1 ? '100 %' : `${complete} × 100 %`;
  return progress === 0 ? whole : `${whole} + ${part}`;
}

/** Escapes control characters, line breaks too. */
function oneLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n');
}

/** Keeps the end, where keys differ. */
function lastCharacters(text: string, max: number): string {
  return text.length <= max ? text : `…${text.slice(text.length - max + 1)}`;
}
