import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Program } from './programs.ts';

/** How a run of a client has ended. */
export interface ProgramRun {
  /** `undefined` if it was killed, because it took too long. */
  readonly code: number | undefined;
  /** In seconds. */
  readonly seconds: number;
  /** User and system, of all its processes, in seconds. */
  readonly cpu: number;
}

/**
 * Runs a client to its end, with nothing of a user's settings.
 *
 * @param timeout in ms, after which it is killed
 */
export async function runProgram(program: Program, url: string, file: string, timeout: number): Promise<ProgramRun> {
  const command = program.command(url, file);
  const start = performance.now();
  const child = spawn('bash', ['-c', 'TIMEFORMAT="cpu %U %S"; time "$@"', 'bash', ...command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', LANG: 'C.UTF-8' },
    // A group of its own, which is killed as a whole.
    detached: true,
  });
  let err = '';
  child.stderr.on('data', (text: Buffer) => (err = (err + text.toString()).slice(-4_096)));
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, timeout);
  const [code]: (number | null)[] = await once(child, 'close');
  clearTimeout(timer);
  const seconds = (performance.now() - start) / 1000;
  const [, user, system] = /cpu ([\d.]+) ([\d.]+)\s*$/.exec(err) ?? [];
  return { code: isLate ? undefined : (code ?? undefined), seconds, cpu: Number(user) + Number(system) };
}
