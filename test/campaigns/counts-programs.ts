import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { get, request, type IncomingMessage } from 'node:http';
import { reportSkipped } from '../full.ts';

const PROGRAMS = ['curl', 'wget', 'aria2c', 'axel', 'nginx'];

/** Whether all programs are installed. A full run has to have them; else the tests are skipped with a line. */
export function hasPrograms(): boolean {
  const missing = PROGRAMS.filter(
    (name) => spawnSync(name, [name === 'nginx' ? '-v' : '--version']).error !== undefined,
  );
  if (missing.length === 0) return true;
  reportSkipped(
    'the counts of downloads',
    `${missing.join(', ')} missing; the packages are in test/campaigns/packages.txt`,
  );
  return false;
}

/** One reader: a User-Agent of its own at one address, and the object that it downloads. */
export interface ReaderOf {
  readonly url: string;
  readonly agent: string;
  /** Where its file goes; gone before the next one comes. */
  readonly path: string;
  /** Of the object, in bytes. */
  readonly size: number;
}

/** The address as a platform that sees none gets it: the simulator of workerd has no other way to know the client. */
const ADDRESS = 'CF-Connecting-IP: 192.0.2.1';

/** In bytes a second. A download that is broken is slow, so that a busy machine does not end it after its last byte. */
const RATES = { whole: 400 * 1024 * 1024, broken: 50 * 1024 * 1024 } as const;

/** A command that downloads, or continues, the file of a reader. */
type Command = (reader: ReaderOf, rate: number) => readonly [command: string, ...args: string[]];

/** curl, which continues where the file ends. */
export const curl: Command = ({ url, agent, path }, rate) =>
  ['curl', '-sSf', '--limit-rate', `${rate}`, '-A', agent, '-H', ADDRESS, '-C', '-', '-o', path, url]; // prettier-ignore

/** wget, which continues where the file ends. */
export const wget: Command = ({ url, agent, path }, rate) =>
  ['wget', '-q', '--no-config', '-c', '--tries=3', `--limit-rate=${rate}`, '-U', agent, `--header=${ADDRESS}`, '-O', path, url]; // prettier-ignore

/** aria2c with so many connections, which continues what its control file lacks. */
export function aria2c(connections: number): Command {
  return ({ url, agent, path, size }, rate) => {
    const [, folder = '.', name = ''] = /^(.*)\/([^/]+)$/.exec(path) ?? [];
    const split = [
      `-x${connections}`,
      `-s${connections}`,
      `-k${Math.max(1, Math.floor(size / connections / 2 ** 20))}M`,
    ];
    const quiet = ['--no-conf', '-q', '-c', '--file-allocation=none', `--max-overall-download-limit=${rate}`];
    return ['aria2c', ...quiet, ...split, '-U', agent, `--header=${ADDRESS}`, '-d', folder, '-o', name, url];
  };
}

/** axel with so many connections. */
export function axel(connections: number): Command {
  return ({ url, agent, path }) =>
    ['axel', '-q', '-n', `${connections}`, '-U', agent, '-H', ADDRESS, '-o', path, url]; // prettier-ignore
}

/** Runs a command to its end, or ends it when the file has some bytes. */
export async function runCommand(
  command: Command,
  reader: ReaderOf,
  until?: { readonly bytes: number; readonly signal: 'SIGKILL' | 'SIGTERM' },
): Promise<void> {
  const [program, ...args] = command(reader, until === undefined ? RATES.whole : RATES.broken);
  const child = spawn(program, args, { stdio: 'ignore', env: { PATH: process.env['PATH'], HOME: reader.path } });
  const watch =
    until === undefined
      ? undefined
      : setInterval(() => {
          if (storedBytes(reader.path) < until.bytes) return;
          // Once: aria2c ends at the first one, and hangs if others meet it there.
          clearInterval(watch);
          child.kill(until.signal);
        }, 2);
  // A program that waits for ever fails its scenario, and not the whole campaign.
  const timer = setTimeout(() => child.kill('SIGKILL'), MAX_TIME);
  await once(child, 'exit');
  clearInterval(watch);
  clearTimeout(timer);
}

/** The most time of one run of a program, in ms. */
const MAX_TIME = 60_000;

/** The bytes of a file that are on the disk. Programs with several connections leave holes. */
function storedBytes(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? 0 : Math.min(found.size, found.blocks * 512);
}

/** Whether the file is there, of its whole size, and no control file says that parts are missing. */
export function isWhole({ path, size }: ReaderOf): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.size === size && !existsSync(`${path}.aria2`) && !existsSync(`${path}.st`);
}

/** Whether the file has exactly these bytes. */
export function hasBytes({ path }: ReaderOf, bytes: Uint8Array): boolean {
  return existsSync(path) && readFileSync(path).equals(bytes);
}

/** Removes the file, and the control files beside it. */
export function forget({ path }: ReaderOf): void {
  for (const suffix of ['', '.aria2', '.st']) rmSync(`${path}${suffix}`, { force: true });
}

/** What a client of our own received. */
export interface Received {
  readonly status: number;
  readonly etag: string | undefined;
  readonly bytes: Buffer;
}

/** Sends one request as a player or a web seed does, and leaves after some bytes. */
export async function receive(
  { url, agent }: ReaderOf,
  headers: Readonly<Record<string, string>> = {},
  leaveAfter = Number.POSITIVE_INFINITY,
  method = 'GET',
): Promise<Received> {
  const [name = '', address = ''] = ADDRESS.split(': ');
  const options = {
    agent: false,
    timeout: MAX_TIME,
    method,
    headers: { 'User-Agent': agent, [name]: address, ...headers },
  } as const;
  const outgoing = method === 'GET' ? get(url, options) : request(url, options).end();
  const [response]: [IncomingMessage] = await new Promise((resolve, reject) => {
    outgoing.once('response', (one: IncomingMessage) => resolve([one])).once('error', reject);
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer in time')));
  });
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response) {
      if (!Buffer.isBuffer(chunk)) continue;
      chunks.push(chunk);
      length += chunk.length;
      if (length >= leaveAfter) break;
    }
  } finally {
    if (length >= leaveAfter) outgoing.destroy();
  }
  const { statusCode = 0 } = response;
  return { status: statusCode, etag: response.headers.etag, bytes: Buffer.concat(chunks) };
}
