import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TransfersPageSchema } from '../../../src/gateway/handlers/transfers-schema.ts';
import { longBytes } from '../../faults/random.ts';
import { run, start, startServer } from '../commands.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const BYTES = longBytes(9_000_000);

let workspace: Workspace;
let gateway: string;
beforeAll(async () => {
  workspace = await openWorkspace();
  const { folder } = workspace;
  await mkdir(join(folder, 'served'));
  await writeFile(join(folder, 'served/a.bin'), BYTES);
  await writeFile(join(folder, 'served/b.bin'), BYTES);
  const settings = {
    admin: { token: 'ADMIN_TOKEN' },
    transfers: { secret: 'TRANSFERS_SECRET', store: { type: 'sqlite', file: join(folder, 'transfers.sqlite') } },
    mounts: [{ path: '/', store: { type: 'dir', path: 'served' } }],
    access: { type: 'basic', users: 'USERS' },
  };
  await writeFile(join(folder, 'gateway.json'), JSON.stringify(settings));
  const secrets = { ADMIN_TOKEN: TOKEN, TRANSFERS_SECRET: 's'.repeat(32), USERS: 'ann:a password of ann' };
  const args = ['serve', '--port', '0', '--config', 'gateway.json'];
  ({ url: gateway } = await startServer(args, { cwd: folder, env: secrets }));
});
afterAll(() => workspace.close());

/** The transfers of a key, when no request of it runs. */
async function settled(key: string) {
  const read = async () => {
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const response = await fetch(`${gateway}/.rangeway/transfers?key=${key}`, { headers });
    return v.parse(TransfersPageSchema, await response.json()).transfers;
  };
  await expect
    .poll(async () => (await read()).every(({ state }) => state !== 'active'), { timeout: 20_000 })
    .toBe(true);
  return read();
}

const env = { SECRET: 'a password of ann' };

/** Begins a download, and ends it by a signal when a part is on disk. */
async function interrupt(cwd: string, args: readonly string[], signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
  const { child } = start([...args, '--limit-rate', '2MiB'], { cwd, env });
  const closed = once(child, 'close');
  const journal = () => readFile(join(cwd, 'file.bin.rangeway'), 'utf8').catch(() => '');
  const before = await journal();
  while ((await journal()) === before) await new Promise((resolve) => void setTimeout(resolve, 20));
  child.kill(signal);
  await closed;
}

test(
  'a download that is killed, interrupted and continued is one transfer, and the next one another',
  {
    timeout: 120_000,
  },
  async () => {
    const cwd = await workspace.freshFolder();
    const args = ['get', `${gateway}/a.bin`, '-o', 'file.bin', '--user', 'ann:SECRET'];
    for (let complete = 1; complete <= 2; complete++) {
      // A kill tells nothing, and all bytes may have been sent by then. The interruption corrects that.
      await interrupt(cwd, args, 'SIGKILL');
      await interrupt(cwd, args, 'SIGINT');
      expect(await settled('a.bin')).toMatchObject([{ reader: 'user:ann', state: 'paused', complete: complete - 1 }]);
      await interrupt(cwd, args, 'SIGKILL');
      expect((await run(args, { cwd, env })).code).toBe(0);
      expect(Buffer.compare(await readFile(join(cwd, 'file.bin')), BYTES)).toBe(0);
      await rm(join(cwd, 'file.bin'));
      expect(await settled('a.bin')).toMatchObject([{ state: 'complete', complete }]);
    }
  },
);

test('an interruption tells what is on disk: what was only sent counts no more', { timeout: 60_000 }, async () => {
  const cwd = await workspace.freshFolder();
  const args = ['get', `${gateway}/b.bin`, '-o', 'file.bin', '--user', 'ann:SECRET'];
  await interrupt(cwd, args, 'SIGINT');
  const [, json = ''] = (await readFile(join(cwd, 'file.bin.rangeway'), 'utf8')).split('\n');
  const { written } = v.parse(v.object({ written: v.array(v.tuple([v.number(), v.number()])) }), JSON.parse(json));
  const onDisk = written.reduce((sum, [from, to]) => sum + to - from, 0);
  const [transfer] = await settled('b.bin');
  expect(transfer?.progress).toBeCloseTo(onDisk / BYTES.length, 6);
});
