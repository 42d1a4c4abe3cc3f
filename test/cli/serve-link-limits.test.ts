import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeLinkLimits, KEYS_TEXT, LARGE, TOKEN } from '../contract/link-limits.ts';
import { killAll, startServer } from './commands.ts';

let folder: string;
const urls = new Map<string, string>();

async function start(name: string, ...args: readonly string[]): Promise<void> {
  const own = join(folder, name);
  await mkdir(join(own, 'files'), { recursive: true });
  await writeFile(join(own, 'files/large.bin'), '');
  await truncate(join(own, 'files/large.bin'), LARGE);
  const settings = {
    admin: { token: 'ADMIN_TOKEN' },
    access: { type: 'signed' },
    transfers: { identity: 'none', store: { type: 'sqlite', file: join(own, 'transfers.sqlite') } },
  };
  await writeFile(join(own, 'gateway.json'), JSON.stringify(settings));
  const serve = ['serve', '--dir', join(own, 'files'), '--port', '0', '--config', join(own, 'gateway.json'), ...args];
  const server = await startServer(serve, { cwd: own, env: { ADMIN_TOKEN: TOKEN, RANGEWAY_KEYS: KEYS_TEXT } });
  urls.set(name, server.url.replace(/\/$/, ''));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-links-'));
});
afterAll(async () => {
  killAll();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

describe('serve with SQLite', () => {
  beforeAll(() => start('one'));
  describeLinkLimits(() => urls.get('one') ?? '');
});

describe.runIf(process.platform === 'linux')('two workers with one store', () => {
  beforeAll(() => start('two', '--workers', '2'));
  describeLinkLimits(() => urls.get('two') ?? '', 2);
});
