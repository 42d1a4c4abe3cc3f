import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { start } from '../commands.ts';
import { getIn } from './workspace.ts';

/** A file to download in two runs. */
export interface TwiceOptions {
  /** The addresses of the two runs: they may have different signatures. */
  readonly urls: readonly [first: string, second: string];
  readonly bytes: Uint8Array;
  /** An empty folder. */
  readonly cwd: string;
  readonly args?: readonly string[];
}

/**
 * Downloads a file in two runs: one that is killed when its journal is there, and one that continues.
 *
 * @returns the bytes that the second run has received
 */
export async function getTwice({ urls: [first, second], bytes, cwd, args = [] }: TwiceOptions): Promise<number> {
  const output = ['-o', 'file.bin', ...args] as const;
  const { child } = start(['get', first, ...output, '--limit-rate', '2MiB'], { cwd });
  const closed = once(child, 'close');
  while ((await readFile(join(cwd, 'file.bin.rangeway'), 'utf8').catch(() => '')) === '') {
    await new Promise((resolve) => void setTimeout(resolve, 50));
  }
  child.kill('SIGKILL');
  await closed;
  const { code, out, err, files } = await getIn(cwd, second, ...output, '--json');
  expect([code, files], err + out).toEqual([0, ['file.bin']]);
  expect(Buffer.compare(await readFile(join(cwd, 'file.bin')), bytes)).toBe(0);
  const [, received] = /"type":"done".*"received":(\d+)/.exec(out) ?? [];
  return Number(received);
}
