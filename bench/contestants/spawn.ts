import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, delimiter, join } from 'node:path';
import type { RunningServer } from './contestant.ts';

/** A server's command line. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Added to an almost empty environment, which has no settings of the machine's user. */
  readonly env?: Readonly<Record<string, string>>;
  /** Port on which it listens. If absent, the server prints `http://127.0.0.1:PORT` to stderr. */
  readonly port?: number;
}

/** Timeout of a server's start, in ms. */
const START_TIMEOUT = 60_000;

/**
 * Starts a server and waits until it accepts connections. Its output is discarded.
 *
 * @throws if it does not start within a minute
 */
export async function startServer(command: Command): Promise<RunningServer> {
  const { file, args, env = {} } = command;
  const child = spawn(file, args, {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${basename(file)} can't be started`);
  try {
    const port = await untilReady(child, command);
    return { port, pid, path: (key) => `/${key}`, stop: () => stop(child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

async function untilReady(child: ChildProcess, { file, port }: Command): Promise<number> {
  let output = '';
  const { stderr } = child;
  stderr?.setEncoding('utf8').on('data', (text: string) => (output += output.length < 64 * 1024 ? text : ''));
  const deadline = Date.now() + START_TIMEOUT;
  while (Date.now() < deadline && child.exitCode === null) {
    const listening = port ?? Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1] ?? Number.NaN);
    if (!Number.isNaN(listening) && (await accepts(listening))) return listening;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${basename(file)} did not start: ${output.trim() || 'it printed nothing'}`);
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
  const timeout = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timeout);
}

/** Whether a program is in a folder of PATH. */
export function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** Makes a `missing` of a contestant that needs a Debian package, whose program has the same name. */
export function needsPackage(name: string): () => string | undefined {
  return () => (isInstalled(name) ? undefined : `Debian's ${name} is not installed: see bench/packages.txt`);
}

/** Makes a `missing` of a contestant that needs a package of bench/package.json. */
export function needsModule(name: string): () => string | undefined {
  const folder = join(import.meta.dirname, '../node_modules', name);
  return () => (existsSync(folder) ? undefined : `npm's ${name} is not installed: npm ci --prefix bench`);
}
