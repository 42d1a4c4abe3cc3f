import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { sqliteTransferStore } from '../../../src/transfers/drivers/sqlite.ts';
import { share } from '../../campaigns/share.ts';

const KILLS = share(200);

const folder = mkdtempSync(join(tmpdir(), 'rangeway-kill-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts a process that writes, and kills it. @returns the last turn that it has reported as written */
async function killWriter(file: string, reader: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'writing-process.ts'), file, reader], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await sleep(afterMs);
  child.kill('SIGKILL');
  await closed;
  return Number(text.trimEnd().split('\n').at(-1));
}

test(
  `${KILLS} kills of a process that writes lose at most the turn that was being written`,
  { timeout: 600_000 },
  async () => {
    // One file for all, so that each process recovers what the one before has left.
    const file = join(folder, 'transfers.sqlite');
    for (let kill = 0; kill < KILLS; kill++) {
      const reader = `link:${kill}`;
      const written = await killWriter(file, reader, Math.random() * 40);
      const store = sqliteTransferStore({ file });
      const transfers = await store.list({ reader }, 10);
      expect(transfers.map(({ key }) => key).toSorted()).toEqual(['a', 'b', 'c', 'd']);
      // A turn is in all of the four, or in none. The last one may be written and not reported.
      const bytes = transfers.map(({ bytesSent }) => bytesSent);
      expect(new Set(bytes).size).toBe(1);
      expect([written + 1, written + 2]).toContain(bytes[0]);
      for (const { id } of transfers) {
        expect((await store.get(id))?.intervals).toEqual([{ start: 0, end: bytes[0], depth: 1 }]);
      }
      await store.close();
    }
  },
);
