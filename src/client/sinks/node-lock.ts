import { readFileSync } from 'node:fs';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../base/error-code.ts';
import { downloadError } from '../download-error.ts';

/** A process that has a lock. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  /** When the process was started, as the system has it: a later process may get the same id. Empty if unknown. */
  readonly started: string;
}

/** A holder on another machine is alive if it has touched its lock within this time, in ms. */
const FOREIGN_TIMEOUT = 60_000;
const TOUCH_INTERVAL = 10_000;

/** A lock is written, and taken over, in far less time, in ms. If it takes longer, its process was killed. */
const WRITE_TIMEOUT = 2_000;
const POLL_INTERVAL = 50;

/**
 * Takes a lock file for this process. The lock of a process that was killed is taken over: Node has no `flock`, which
 * the system would release, so the file names the process.
 *
 * @returns a function that releases it and never rejects
 * @throws DownloadError `conflict` if a living process has it
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const own = holderOf(process.pid);
  while (!(await create(path, own)) && !(await takeOver(path, own)));
  const touching = setInterval(() => {
    const time = new Date();
    utimes(path, time, time).catch(() => undefined);
  }, TOUCH_INTERVAL).unref();
  return async () => {
    clearInterval(touching);
    await rm(path, { force: true }).catch(() => undefined);
  };
}

/** @returns whether there was no such file */
async function create(path: string, holder: Holder): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Replaces the lock of a process that has ended. A second file lets only one process do so at a time, and becomes the
 * lock: so at each moment at which this process may be killed, there is a lock whose holder the next one finds dead.
 *
 * @returns false if the lock was released meanwhile
 */
async function takeOver(path: string, own: Holder): Promise<boolean> {
  const mutex = `${path}.takeover`;
  while (!(await create(mutex, own))) {
    if ((await ageOf(mutex)) > WRITE_TIMEOUT) await rm(mutex, { force: true });
    else await sleep(POLL_INTERVAL);
  }
  try {
    const holder = await readWritten(path);
    if (holder === 'gone') {
      await rm(mutex, { force: true });
      return false;
    }
    if (holder !== undefined && (await isAlive(path, holder))) throw inUse(path, holder);
    await rename(mutex, path);
  } catch (error) {
    await rm(mutex, { force: true });
    throw error;
  }
  // If this process slept for longer than the timeout, another one has replaced the second file.
  const holder = await readHolder(path);
  if (holder === undefined || holder === 'gone' || !isSame(holder, own)) throw inUse(path, undefined);
  return true;
}

/** Reads a lock, which is empty while its process writes it. */
async function readWritten(path: string): Promise<Holder | undefined | 'gone'> {
  for (;;) {
    const holder = await readHolder(path);
    if (holder !== undefined || (await ageOf(path)) >= WRITE_TIMEOUT) return holder;
    await sleep(POLL_INTERVAL);
  }
}

function isSame(one: Holder, other: Holder): boolean {
  return one.host === other.host && one.pid === other.pid && one.started === other.started;
}

/** @returns in ms; `Infinity` if there is no such file */
async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return Number.POSITIVE_INFINITY;
    throw error;
  }
}

/** @returns `undefined` if the file is empty or damaged: its process was killed while it wrote it */
async function readHolder(path: string): Promise<Holder | undefined | 'gone'> {
  try {
    return toHolder(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'gone';
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function toHolder(value: unknown): Holder | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('host' in value) || !('pid' in value) || !('started' in value)) return undefined;
  const { host, pid, started } = value;
  return typeof host === 'string' && typeof pid === 'number' && typeof started === 'string'
    ? { host, pid, started }
    : undefined;
}

async function isAlive(path: string, holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return (await ageOf(path)) < FOREIGN_TIMEOUT;
  return isRunning(holder.pid) && holderOf(holder.pid).started === holder.started;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

function holderOf(pid: number): Holder {
  return { host: hostname(), pid, started: startOf(pid) };
}

/**
 * Field 22 of /proc/PID/stat: in ticks since the system started. Only on Linux. A zombie has ended, but keeps its id
 * until its parent asks for the exit code: the first process of a container often never does.
 */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

function inUse(path: string, holder: Holder | undefined): Error {
  const process = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  const reason = `${process} is downloading to this file; if it is not, remove ${path}`;
  return downloadError({ code: 'conflict', reason });
}
