/**
 * Runs command lines one after the other in one process: the modules of a command are loaded once, and only main.ts runs
 * again. What a command prints, and its exit code, go to the parent. See command-process.ts.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

/** A command line of the parent. */
export interface Asked {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How it ended. */
export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const MAIN = pathToFileURL(join(import.meta.dirname, '../../src/cli/main.ts')).href;

let runs = 0;
let out = '';
let err = '';
process.stdout.write = (chunk: unknown) => {
  out += String(chunk);
  return true;
};
process.stderr.write = (chunk: unknown) => {
  err += String(chunk);
  return true;
};

async function run({ args, cwd, env }: Asked): Promise<Answer> {
  [out, err] = ['', ''];
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
  process.exitCode = 0;
  try {
    runs += 1;
    await import(`${MAIN}?${runs}`);
  } catch (error) {
    err += inspect(error);
    process.exitCode = 1;
  }
  const answer = { code: process.exitCode, out, err };
  // The process itself ends with 0.
  process.exitCode = 0;
  return answer;
}

process.on('message', (asked: Asked) => {
  void run(asked).then((answer) => process.send?.(answer));
});
