import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, expect, test } from 'vitest';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { TransfersPageSchema } from '../../../src/gateway/handlers/transfers-schema.ts';
import { trackTransfers } from '../../../src/observe/transfers.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { sqliteTransferStore } from '../../../src/transfers/drivers/sqlite.ts';
import { NOON, whole } from '../../contract/transfer-requests.ts';

const TRANSFERS = 50_000;
const TURN = 1_000;
const PAGE = 100;
const TOKEN = 'a'.repeat(32);

const folder = mkdtempSync(join(tmpdir(), 'rangeway-many-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'transfers.sqlite');

test(
  `${TRANSFERS} transfers are listed by pages of ${PAGE}, while others are added`,
  { timeout: 300_000 },
  async () => {
    const store = sqliteTransferStore({ file });
    for (let i = 0; i < TRANSFERS; i += TURN) {
      const turn = Array.from({ length: TURN }, (_, j) => {
        const number = i + j;
        return whole({ reader: `link:${number}`, key: `${number % 7}`, at: NOON + Math.floor(number / 3) });
      });
      await store.write(turn.flat());
    }
    const transfers = trackTransfers({ store });
    const app = createGateway({ store: memoryStore(), observers: [], transfers, admin: { token: TOKEN } });
    const read = async (query: string) => {
      const headers = { Authorization: `Bearer ${TOKEN}` };
      const response = await app.fetch(new Request(`http://any.example/.rangeway/transfers?${query}`, { headers }));
      return v.parse(TransfersPageSchema, await response.json());
    };
    const listAll = async (filter: string) => {
      const readers: string[] = [];
      let last = Number.POSITIVE_INFINITY;
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await read(`limit=${PAGE}${filter}${cursor === '' ? '' : `&cursor=${cursor}`}`);
        for (const { reader, firstSeen } of page.transfers) {
          expect(Date.parse(firstSeen)).toBeLessThanOrEqual(last);
          last = Date.parse(firstSeen);
          readers.push(reader);
        }
        ({ cursor } = page);
        if (readers.length % 10_000 === 0) await store.write(whole({ reader: `later:${readers.length}` }));
      }
      return readers.filter((reader) => reader.startsWith('link:'));
    };
    const all = await listAll('');
    expect([all.length, new Set(all).size]).toEqual([TRANSFERS, TRANSFERS]);
    const some = await listAll('&key=3&state=complete');
    expect(new Set(some).size).toBe(all.filter((reader) => Number(reader.slice(5)) % 7 === 3).length);
    await transfers.close();
  },
);

test('no page sorts or reads the whole table', () => {
  const database = new DatabaseSync(file, { readOnly: true });
  const after = '(first_seen, id) < (1, 2)';
  for (const where of [
    after,
    `key = 'a' AND ${after}`,
    `state = 'active' AND ${after}`,
    `reader = 'a' AND key = 'b' AND ${after}`,
  ]) {
    const sql = `SELECT * FROM transfers WHERE ${where} ORDER BY first_seen DESC, id DESC LIMIT 100`;
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail))
      .join('; ');
    expect(plan).toContain('SEARCH transfers USING INDEX');
    // The transfers of one reader and key are few, so they are sorted.
    if (!where.startsWith('reader')) expect(plan).not.toContain('TEMP B-TREE');
  }
  database.close();
});
