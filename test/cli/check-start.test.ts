import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { checkStart } from '../../src/cli/check-start.ts';
import { parseConfig } from '../../src/config/config.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => vi.useRealTimers());

test('a check leaves no timer that opens the database of transfers later', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rangeway-check-'));
  const file = join(folder, 'transfers.sqlite');
  const config = parseConfig({ admin: { token: 'TOKEN' }, transfers: { store: { type: 'sqlite', file } } });
  await checkStart(config, { platform: 'node', secrets: new Map([['TOKEN', 't'.repeat(32)]]), unset: undefined });
  expect(vi.getTimerCount()).toBe(0);
  expect(existsSync(file)).toBe(false);
  await rm(folder, { recursive: true });
});
