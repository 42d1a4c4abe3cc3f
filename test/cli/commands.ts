import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The command line as it is run in a clone. */
export const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** What a command has printed so far. */
export interface Output {
  out: string;
  err: string;
}

/** A command that is running. */
export interface Running {
  readonly child: ChildProcess;
  readonly output: Output;
}

/** How a command is started. */
export interface StartOptions {
  readonly cwd: string;
  /** Variables beside those of the tests. */
  readonly env?: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();

/** Starts a command, and collects what it prints. */
export function start(args: readonly string[], { cwd, env }: StartOptions): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const output: Output = { out: '', err: '' };
  child.stdout.on('data', (text: Buffer) => (output.out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output.err += text.toString()));
  return { child, output };
}

/** Runs a command to its end, in a process of its own. */
export async function run(args: readonly string[], options: StartOptions): Promise<Output & { readonly code: number }> {
  const { child, output } = start(args, options);
  const [code] = await once(child, 'close');
  return { code: Number(code), ...output };
}

/** Starts a server, and waits for the address that it prints. */
export async function startServer(
  args: readonly string[],
  options: StartOptions,
): Promise<Running & { readonly url: string }> {
  const { child, output } = start(args, options);
  const url = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const match = /served .*?at (http:\/\/[\d.]+:\d+)\//.exec(output.err);
      if (match?.[1] !== undefined) resolve(match[1]);
    };
    child.stderr?.on('data', look);
    child.once('close', () => reject(new Error(output.err)));
  });
  return { child, output, url };
}

/** Stops a command with SIGTERM, and waits for its end. */
export async function stop({ child }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}

/** Kills what the tests of a file have left running. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}
