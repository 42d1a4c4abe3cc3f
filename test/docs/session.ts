import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

/** How a command ended. */
export interface Ended {
  /** 124 if it took too long. */
  readonly code: number;
  /** Standard output and errors. */
  readonly output: string;
}

/** A server that a page starts. */
export interface Server {
  /** Without a slash at its end. */
  readonly url: string;
  output(): string;
  stop(): Promise<void>;
}

/** The shell of a page: its folder and its variables. */
export interface Session {
  cwd: string;
  readonly env: Record<string, string | undefined>;
}

/** Runs a command in bash, and ends it with all that it started after `limit` ms. */
export async function runCommand(command: string, { cwd, env }: Session, limit: number): Promise<Ended> {
  const child = spawnShell(command, { cwd, env });
  const read = collect(child);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    kill(child, 'SIGKILL');
  }, limit);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  return { code: isLate ? 124 : Number(code), output: read() };
}

/**
 * Starts a server, and waits for the address that it prints.
 *
 * @throws Error with its output if it ends before, or prints none for `limit` ms
 */
export async function startServer(command: string, { cwd, env }: Session, limit: number): Promise<Server> {
  const child = spawnShell(command, { cwd, env });
  const read = collect(child);
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    kill(child, 'SIGTERM');
    const timer = setTimeout(() => kill(child, 'SIGKILL'), 10_000);
    await closed;
    clearTimeout(timer);
  };
  const end = performance.now() + limit;
  while (performance.now() < end && child.exitCode === null) {
    const [, url] = / at (http:\/\/[\d.]+:\d+)\//.exec(read()) ?? [];
    if (url !== undefined) return { url, output: read, stop };
    await wait(50);
  }
  await stop();
  throw new Error(`prints no address:\n${read()}`);
}

/** In a process group of its own, which is ended as one. */
function spawnShell(command: string, { cwd, env }: Session): ChildProcess {
  return spawn('bash', ['-c', command], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
}

function collect(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += text.toString()));
  return () => output;
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}
