import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Running } from './contestant.ts';

/** A server's command line. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the environment, which is otherwise almost empty: no settings of this machine's user. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it listens; where this is left out, it says `http://127.0.0.1:PORT` when it does. */
  readonly port?: number;
}

/** How long a server may take to start, in ms. */
const START_LIMIT = 60_000;

/** Starts a server and waits until it answers. Its log goes nowhere. */
export async function startServer(command: Command): Promise<Running> {
  const { file, args, env = {} } = command;
  const child = spawn(file, args, {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${file} can't be started`);
  try {
    const port = await untilReady(child, command);
    return { port, pid, path: (key) => `/${key}`, stop: () => stop(child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

async function untilReady(child: ChildProcess, { file, port }: Command): Promise<number> {
  let said = '';
  const { stderr } = child;
  stderr?.setEncoding('utf8').on('data', (text: string) => (said += said.length < 64 * 1024 ? text : ''));
  const deadline = Date.now() + START_LIMIT;
  while (Date.now() < deadline && child.exitCode === null) {
    const found = port ?? Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1] ?? Number.NaN);
    if (!Number.isNaN(found) && (await accepts(found))) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${file} did not start: ${said.trim() || 'it said nothing'}`);
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(limit);
}

/** A port that is free now, for servers that can't say which one they took. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Whether a program is on the path. */
export function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** For {@link Contestant.missing}: a Debian package whose program has its name. */
export function needsPackage(name: string): () => string | undefined {
  return () => (isInstalled(name) ? undefined : `Debian's ${name} is not installed: see bench/packages.txt`);
}

/** For {@link Contestant.missing}: a package of bench/package.json. */
export function needsModule(name: string): () => string | undefined {
  const folder = join(import.meta.dirname, '../node_modules', name);
  return () => (existsSync(folder) ? undefined : `npm's ${name} is not installed: npm ci --prefix bench`);
}
