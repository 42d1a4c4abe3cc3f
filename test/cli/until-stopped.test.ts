import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAIN } from './commands.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-stopping-'));
  await writeFile(join(folder, 'a.txt'), 'a');
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ scripts: Object.fromEntries(commands.map(([name, args]) => [name, call(args)])) }),
  );
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const commands: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['serve', ['serve', '--dir', '.', '--port', '0']],
  ['dev', ['dev', '--dir', '.', '--port', '0']],
];

const call = (args: readonly string[]) => `${process.execPath} ${MAIN} ${args.join(' ')}`;

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly printed: () => string;
}

/** Starts a program that starts the command, and waits for the address that this prints. */
async function started(program: string, args: readonly string[]): Promise<Started> {
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let err = '';
  let out = '';
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (text: Buffer) => {
      err += text.toString();
      const match = /served .*?at (http:\/\/[\d.]+:\d+)\//.exec(err);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    child.once('close', () => reject(new Error(err)));
  });
  return { child, url, printed: () => out };
}

/** Whether the port is free within so many seconds. The promise is two; busy machines get more. */
async function endsWithin(url: string, seconds: number): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const isFree = await fetch(url).then(
      () => false,
      () => true,
    );
    if (isFree) return true;
    await sleep(50);
  }
  return false;
}

describe.each(commands)('%s ends, and frees its port', (name, args) => {
  test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('on %s to itself', async (signal) => {
    const { child, url } = await started(process.execPath, [MAIN, ...args]);
    child.kill(signal);
    expect(await endsWithin(url, 10)).toBe(true);
  });

  // Only Linux tells of the parent's parent without a program of its own.
  test.runIf(process.platform === 'linux').each(['SIGTERM', 'SIGKILL'] as const)('on %s to npm', async (signal) => {
    const { child, url } = await started('npm', ['run', '--silent', name]);
    child.kill(signal);
    expect(await endsWithin(url, 10)).toBe(true);
  });

  test('on SIGKILL to the shell that started it', async () => {
    // The second command keeps the shell from replacing itself by the first.
    const { child, url } = await started('sh', ['-c', `${call(args)}; true`]);
    child.kill('SIGKILL');
    expect(await endsWithin(url, 10)).toBe(true);
  });
});

test.runIf(process.platform === 'linux')('workerd ends with dev, on SIGKILL to dev', async () => {
  const { child, url } = await started(process.execPath, [MAIN, 'dev', '--dir', '.', '--port', '0']);
  child.kill('SIGKILL');
  expect(await endsWithin(url, 10)).toBe(true);
});

test('a command under nohup outlives its shell and SIGHUP', async () => {
  const line = `nohup ${call(['serve', '--dir', '.', '--port', '0'])} & echo $!; wait`;
  const { child, url, printed } = await started('bash', ['-c', line]);
  const id = Number(printed().trim());
  try {
    child.kill('SIGKILL');
    process.kill(id, 'SIGHUP');
    await sleep(1_500);
    expect((await fetch(`${url}/a.txt`)).status).toBe(200);
  } finally {
    process.kill(id, 'SIGKILL');
  }
});
