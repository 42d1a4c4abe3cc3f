import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LogEntry } from '../../src/observe/log.ts';

/** `rangeway serve` in a process of its own. */
export interface GatewayProcess {
  /** Without a slash at its end. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Its log, a line a request. */
  readonly log: readonly LogEntry[];
  /** Everything that it wrote besides the log and its greetings. */
  readonly complaints: readonly string[];
  /** Memory in use, in bytes (Linux). */
  memory(): number;
  /** Open sockets, the listening one among them (Linux). */
  sockets(): number;
  stop(): Promise<void>;
}

/** The Node that runs it, and its entry: the source under this Node, unless a job tests a built package with another. */
const { RANGEWAY_NODE: NODE = process.execPath } = process.env;
const { RANGEWAY_MAIN: MAIN = join(import.meta.dirname, '../../src/cli/main.ts') } = process.env;

/** Credentials that mean nothing: the origins of these tests take any. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

/**
 * Starts `rangeway serve` on a free port.
 *
 * @param args such as `--dir FOLDER`
 * @param flags Node's own
 */
export async function startGateway(
  args: readonly string[],
  flags: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  // Nothing else of this process's environment: a profile or a proxy would change what is tested.
  // The compile cache changes only how soon it starts.
  const { PATH, NODE_COMPILE_CACHE = '' } = process.env;
  const env = { ...CREDENTIALS, PATH, NODE_COMPILE_CACHE, ...variables };
  const child = spawn(NODE, [...flags, MAIN, 'serve', ...args, '--port', '0'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const log: LogEntry[] = [];
  const complaints: string[] = [];
  createInterface(child.stdout).on('line', (line) => {
    if (line.startsWith('{')) log.push(JSON.parse(line));
    else complaints.push(line);
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      const found = /is served at (\S+)\/$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
      else if (!line.startsWith('rangeway: stopping')) complaints.push(line);
    });
    child.once('exit', () => reject(new Error(`the gateway did not start: ${complaints.join('\n')}`)));
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the gateway has no process');
  return {
    url,
    port: Number(new URL(url).port),
    pid,
    log,
    complaints,
    memory: () => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
    sockets: () => descriptorsOf(pid).filter((target) => target.startsWith('socket:')).length,
    async stop() {
      child.kill('SIGTERM');
      // A second signal ends what is still running.
      const impatience = setTimeout(() => child.kill('SIGTERM'), 5_000);
      await exited;
      clearTimeout(impatience);
    },
  };
}

function descriptorsOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).map((name) => {
    try {
      return readlinkSync(join(folder, name));
    } catch {
      // Closed since.
      return '';
    }
  });
}
