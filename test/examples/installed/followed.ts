import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, delimiter, join } from 'node:path';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect, inject, vi } from 'vitest';
import { freePort } from '../../../bench/free-port.ts';
import { ROOT } from '../entries.ts';
import { installPackages } from './packages.ts';

const execute = promisify(execFile);

/** An example that was copied to an empty place, and whose README was followed. */
export interface Followed {
  readonly folder: string;
  /** The output of each command of the README that has ended, by the command as it stands there. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Returns an address of the README with the port that it has in this test. */
  address(address: string): string;
  /** Runs a command in the folder, to its end. Returns its output. */
  run(command: string): Promise<string>;
  /** Starts a command of the folder that ends with the test, and waits until an address is answered. */
  start(command: string, address: string): Promise<void>;
  /** Ends all that was started, and removes the folder. */
  remove(): Promise<void>;
}

/** How a README is followed. */
export interface FollowOptions {
  /** The commands that serve until they are interrupted, and an address that each answers. */
  readonly servers?: Readonly<Record<string, string>>;
  /** Done in place of a command that this machine can't run. */
  readonly instead?: Readonly<Record<string, (example: Followed) => Promise<void>>>;
  /** Environment of all commands. */
  readonly env?: Readonly<Record<string, string>>;
  /** Replacements in all files of the example. */
  readonly replace?: Readonly<Record<string, string>>;
  /** Ports of the example that are another one's here. */
  readonly ports?: Readonly<Record<string, string>>;
}

/** The timeout of a command that ends by itself, in ms: less than that of a hook, so that its servers are ended too. */
const COMMAND_LIMIT = 100_000;

/** The ports in the files of examples. Each gets a free one, so that tests run beside each other. */
const PORTS = ['8787', '8080', '7070'];

/**
 * Copies an example to an empty place, and types what its README says: all commands of its `sh` blocks, in their order.
 * `npm install` installs the packed package. An example with a script `typecheck` is compiled.
 *
 * @throws the error of `execFile` for a command that fails
 */
export async function follow(name: string, options: FollowOptions = {}): Promise<Followed> {
  const { servers = {}, instead = {} } = options;
  const place = await mkdtemp(join(tmpdir(), `rangeway-${name}-`));
  const { folder, commands, address } = await copyExample(name, place, options);
  const outputs = new Map<string, string>();
  const running: ChildProcess[] = [];
  // Neither the packages of this checkout nor the settings of this user.
  const outside = (process.env['PATH'] ?? '').split(delimiter).filter((path) => !path.includes('node_modules'));
  const path = [dirname(process.execPath), ...outside, '/usr/sbin'].join(delimiter);
  const env = { PATH: path, HOME: place, NO_COLOR: '1', WRANGLER_SEND_METRICS: 'false', ...options.env };
  const example: Followed = {
    folder,
    outputs,
    address,
    async run(command) {
      const limits = { timeout: COMMAND_LIMIT, maxBuffer: 16 * 1024 * 1024 };
      const { stdout } = await execute('bash', ['-c', command], { cwd: folder, env, ...limits });
      return stdout;
    },
    async start(command, served) {
      const child = spawn('bash', ['-c', command], { cwd: folder, env, detached: true });
      running.push(child);
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
      const isServing = () =>
        fetch(address(served)).then(
          () => true,
          () => false,
        );
      await vi.waitFor(async () => expect((await isServing()) || child.exitCode !== null).toBe(true), {
        timeout: 90_000,
        interval: 200,
      });
      if (child.exitCode !== null) expect.fail(`${command} ended:\n${output}`);
    },
    async remove() {
      await Promise.all(running.map(endGroup));
      await rm(place, { recursive: true, maxRetries: 5, retryDelay: 200 });
    },
  };
  try {
    for (const { asWritten, command } of commands) {
      const replacement = instead[asWritten];
      const served = servers[asWritten];
      if (asWritten === 'npm install') await installPackages(folder, inject('tarball'));
      else if (replacement !== undefined) await replacement(example);
      else if (served !== undefined) await example.start(command, served);
      else outputs.set(asWritten, await example.run(command));
    }
    const manifest = await readFile(join(folder, 'package.json'), 'utf8');
    if (manifest.includes('"typecheck"')) await example.run('npm run typecheck');
  } catch (error) {
    await example.remove();
    throw error;
  }
  return example;
}

interface Command {
  readonly asWritten: string;
  /** With this test's ports. */
  readonly command: string;
}

async function copyExample(name: string, place: string, { replace = {}, ports: given = {} }: FollowOptions) {
  const folder = join(place, name);
  const source = join(ROOT, 'examples', name);
  // What a run in the checkout leaves there is no part of the example.
  const isLeft = (path: string) => /\/(?:node_modules|\.wrangler|cdk\.out)(?:\/|$)/.test(path.slice(source.length));
  await cp(source, folder, { recursive: true, filter: (path) => !isLeft(path) });
  const ports = new Map<string, string>();
  for (const port of PORTS) ports.set(port, given[port] ?? String(await freePort()));
  const address = (text: string) => text.replaceAll(/\b\d{4}\b/g, (port) => ports.get(port) ?? port);
  const adapt = (text: string) =>
    Object.entries(replace).reduce((all, [from, to]) => all.replaceAll(from, to), address(text));
  const readme = await readFile(join(source, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block = '']) => block.trim().split('\n'));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile()) await writeFile(file, adapt(await readFile(file, 'utf8')));
  }
  return { folder, address, commands: blocks.map((asWritten): Command => ({ asWritten, command: adapt(asWritten) })) };
}

/** Interrupts a command and all that it has started. What does not end in 20 seconds is killed. */
async function endGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const kill = (signal: NodeJS.Signals) => {
    try {
      process.kill(-pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  };
  const limit = setTimeout(() => kill('SIGKILL'), 20_000);
  const ended = once(child, 'close');
  kill('SIGTERM');
  await ended;
  clearTimeout(limit);
  kill('SIGKILL');
}
