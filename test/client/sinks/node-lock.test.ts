import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeLock } from '../../../src/client/sinks/node-lock.ts';

const LOCK = join(import.meta.dirname, '../../../src/client/sinks/node-lock.ts');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-lock-'));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;
const freshPath = () => join(folder, `${count++}.lock`);
const CONFLICT = { failure: { code: 'conflict' } };

async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  return child.pid ?? 0;
}

test('the lock of a process that was killed is taken over', async () => {
  const path = freshPath();
  await writeFile(path, JSON.stringify({ host: hostname(), pid: await endedProcess(), started: '1' }));
  const release = await takeLock(path);
  await expect(takeLock(path)).rejects.toMatchObject(CONFLICT);
  await release();
  expect((await readdir(folder)).filter((name) => path.endsWith(name))).toEqual([]);
});

test.skipIf(process.platform !== 'linux')(
  'a killed process that its parent never asks about does not keep it',
  async () => {
    const path = freshPath();
    const takes = `import(${JSON.stringify(pathToFileURL(LOCK).href)}).then(({ takeLock }) => takeLock(process.argv[1])).then(() => process.kill(process.pid, 'SIGKILL'))`;
    // The shell becomes a program that waits for no children.
    const parent = spawn('bash', ['-c', '"$@" & exec sleep 60', 'bash', process.execPath, '-e', takes, path]);
    try {
      const readPid = async () => {
        const text = await readFile(path, 'utf8').catch(() => '');
        return Number(/"pid":(\d+)/.exec(text)?.[1] ?? 0);
      };
      await expect.poll(readPid, { timeout: 10_000 }).toBeGreaterThan(0);
      const pid = await readPid();
      await expect.poll(() => readFile(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ');
      await (
        await takeLock(path)
      )();
    } finally {
      parent.kill('SIGKILL');
    }
  },
);

test('a later process with the same id does not keep it', async () => {
  const path = freshPath();
  await writeFile(path, JSON.stringify({ host: hostname(), pid: process.pid, started: 'another time' }));
  await (
    await takeLock(path)
  )();
});

test.for(['', '{', '{"pid":1}'])('a lock that a killed process has half written, %j, is taken over', async (text) => {
  const path = freshPath();
  await writeFile(path, text);
  await (
    await takeLock(path)
  )();
});

test('the lock of another machine counts as long as it is touched', async () => {
  const path = freshPath();
  await writeFile(path, JSON.stringify({ host: 'elsewhere', pid: 1, started: '1' }));
  await expect(takeLock(path)).rejects.toMatchObject(CONFLICT);
  const old = new Date(Date.now() - 120_000);
  await utimes(path, old, old);
  await (
    await takeLock(path)
  )();
});

test('of many that take over one lock, one has it', async () => {
  const path = freshPath();
  await writeFile(path, JSON.stringify({ host: hostname(), pid: await endedProcess(), started: '1' }));
  const taken = await Promise.allSettled(Array.from({ length: 20 }, () => takeLock(path)));
  expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

/** Takes over the lock of a process that has ended, again and again. */
const TAKES_OVER = `
  import { writeFileSync } from 'node:fs';
  import { takeLock } from ${JSON.stringify(pathToFileURL(LOCK).href)};
  console.log('begun');
  for (;;) {
    writeFileSync(process.argv[1], process.argv[2]);
    await (await takeLock(process.argv[1]))();
  }
`;

test('a kill at any moment of a takeover leaves nothing that the next process does not remove', async () => {
  const stale = JSON.stringify({ host: hostname(), pid: await endedProcess(), started: '1' });
  const kill = async (i: number) => {
    const path = freshPath();
    const child = spawn(process.execPath, ['--input-type=module', '-e', TAKES_OVER, path, stale]);
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    await sleep(i * 3.4);
    child.kill('SIGKILL');
    await closed;
    await (
      await takeLock(path)
    )();
    expect((await readdir(folder)).filter((name) => join(folder, name).startsWith(path))).toEqual([]);
  };
  for (let i = 0; i < 12; i += 4) await Promise.all([i, i + 1, i + 2, i + 3].map(kill));
});
