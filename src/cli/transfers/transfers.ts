import { parseCommandLine } from '../options.ts';
import type { ProgressOutput } from '../progress.ts';
import { say } from '../say.ts';
import { untilStopped } from '../until-stopped.ts';
import { usageError } from '../usage.ts';
import { adminApi, type AdminApi } from './admin-api.ts';
import { backupTransfers } from './backup.ts';
import { importLogs } from './import.ts';
import { receiveEvents } from './event-source.ts';
import { printLine, printTable } from './table.ts';
import { TRANSFERS_COMMAND } from './transfers-command.ts';
import {
  listedTransfers,
  watchedTransfers,
  type ListedTransfer,
  type WatchedTransfers,
} from '../../client/watched-transfers.ts';

/** The most transfers of one page of the API, and of a stream. */
const PAGE = 1_000;

const DEFAULT_LIMIT = 100;

/** How often a table is drawn again, in ms, since the time of the last request passes. */
const REDRAW_TIME = 1_000;

/** The exit code if the gateway can't be read; 2 is for a mistake of the caller. */
const EXIT_REFUSED = 1;

/** How transfers are printed. */
type Form = 'table' | 'lines' | 'json';

/**
 * Runs `rangeway transfers URL`, which prints the transfers of a gateway, or follows them; or `rangeway transfers backup
 * FILE` and `rangeway transfers import FILE…`.
 *
 * @throws UsageError for an operand, a filter or a token that can't be used
 */
export async function transfers(args: readonly string[]): Promise<void> {
  const { texts, flags, operands } = parseCommandLine(args, TRANSFERS_COMMAND);
  const [first, ...others] = operands;
  if (first === 'backup') return backupTransfers(others, texts.file);
  const { format, url } = texts;
  if (first === 'import') return refusable(() => importLogs(others, { format, url, hasMisses: flags.has('misses') }));
  if (others.length > 0) throw usageError(`transfers takes one address, and not "${others[0]}" too`);
  const { key, mount, state, reader } = texts;
  const limit = parseLimit(texts.limit);
  const filters = Object.entries({ key, mount, state, reader }).filter(
    (one): one is [string, string] => one[1] !== undefined,
  );
  const query = new URLSearchParams(filters);
  const isTerminal = process.stdout.isTTY;
  const form = flags.has('json') ? 'json' : isTerminal ? 'table' : 'lines';
  await refusable(async () => {
    const api = adminApi(first);
    if (flags.has('watch')) await watch(api, query, limit, form, process.stdout);
    else await printAll(api, query, limit, form === 'lines' ? 'table' : form);
  });
}

/** Runs work, and tells why a gateway refuses it. */
async function refusable(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error) || error.name === 'UsageError') throw error;
    say(error.message);
    process.exitCode = EXIT_REFUSED;
  }
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (limit === 0) throw usageError(`--limit takes a number from 1 on, not "${text}"`);
  return limit;
}

/** Prints the transfers of as many pages as are needed. */
async function printAll(api: AdminApi, query: URLSearchParams, limit: number, form: Form): Promise<void> {
  const found: ListedTransfer[] = [];
  for (let cursor: string | null = ''; cursor !== null && found.length < limit;) {
    const page = new URLSearchParams(query);
    page.set('limit', String(Math.min(PAGE, limit - found.length)));
    if (cursor !== '') page.set('cursor', cursor);
    const answer: unknown = await (await api.send(`transfers?${page.toString()}`)).json();
    const { transfers: listed, cursor: next } = Object(answer);
    found.push(...listedTransfers(listed));
    cursor = typeof next === 'string' ? next : null;
  }
  if (form === 'json') for (const transfer of found) process.stdout.write(`${JSON.stringify(transfer)}\n`);
  else {
    const columns = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
    const lines = printTable(found, () => undefined, Date.now(), columns);
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

/** Follows transfers until the process is told to stop. */
async function watch(
  api: AdminApi,
  query: URLSearchParams,
  limit: number,
  form: Form,
  output: ProgressOutput & { readonly rows?: number },
): Promise<void> {
  query.set('limit', String(Math.min(PAGE, limit)));
  const stopped = new AbortController();
  void untilStopped().then(() => stopped.abort());
  const list = watchedTransfers(() => performance.now());
  const screen = form === 'table' ? tableScreen(list, output) : undefined;
  const timer = setInterval(() => screen?.draw(), REDRAW_TIME);
  try {
    await receiveEvents(
      api,
      `transfers?${query.toString()}`,
      ({ type, data }) => {
        const changed = list.apply(type, data);
        screen?.draw();
        for (const transfer of form === 'table' ? [] : changed) {
          output.write(`${form === 'json' ? JSON.stringify(transfer) : printLine(transfer, list.rate(transfer.id))}\n`);
        }
      },
      (reason) => (screen === undefined ? say(`${reason}; trying again`) : screen.tell(`${reason}; trying again`)),
      stopped.signal,
    );
  } finally {
    clearInterval(timer);
  }
}

/** A table in a terminal that is drawn over itself. */
interface TableScreen {
  draw(): void;
  /** Shows a line below the table until the next event. */
  tell(text: string): void;
}

function tableScreen(list: WatchedTransfers, output: ProgressOutput & { readonly rows?: number }): TableScreen {
  let height = 0;
  let isWatched = false;

  function write(lines: readonly string[]): void {
    const up = height === 0 ? '' : `\x1b[${height}F`;
    height = lines.length;
    output.write(`${up}\x1b[J${lines.join('\n')}\n`);
  }

  function table(): readonly string[] {
    const { columns = 80, rows = 24 } = output;
    const all = list.list();
    // A line that is scrolled out of the terminal can't be drawn again.
    const shown = all.slice(0, Math.max(1, rows - 4));
    const more = all.length - shown.length;
    const lines = printTable(shown, (id) => list.rate(id), Date.now(), columns - 1);
    return more === 0 ? lines : [...lines, `and ${more} more`];
  }

  return {
    draw() {
      if (!isWatched && list.list().length === 0) return;
      isWatched = true;
      write(table());
    },
    tell: (text) => write([...table(), text.slice(0, (output.columns ?? 80) - 1)]),
  };
}
