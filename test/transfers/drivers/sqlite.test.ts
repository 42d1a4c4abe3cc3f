import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { sqliteTransferStore } from '../../../src/transfers/drivers/sqlite.ts';
import type { TransferChange, TransferStore } from '../../../src/transfers/transfer-store.ts';
import { describeTransferStore } from '../../contract/transfer-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'rangeway-transfers-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = () => join(folder, `${files++}.sqlite`);

describeTransferStore('sqlite', async () => sqliteTransferStore({ file: newFile() }));

function start(id: string): TransferChange {
  const object = { mount: '/', key: id, etag: '"v"', size: 100 };
  return { type: 'start', id, at: 1, object, reader: { name: 'link:1', shard: 0 }, asked: [{ start: 0, end: 100 }] };
}

async function keysOf(store: TransferStore): Promise<readonly string[]> {
  return (await store.list({}, 10)).map(({ key }) => key);
}

describe('the file', () => {
  test('is read again, and its requests have ended', async () => {
    const file = newFile();
    const first = sqliteTransferStore({ file });
    await first.write([start('a')]);
    await first.close();
    const second = sqliteTransferStore({ file });
    expect(await second.list({}, 10)).toEqual([expect.objectContaining({ key: 'a', state: 'paused' })]);
    await second.close();
  });
  test('of a newer version is not written', async () => {
    const file = newFile();
    const first = sqliteTransferStore({ file });
    await first.write([start('a')]);
    await first.close();
    const database = new DatabaseSync(file);
    database.exec(
      "UPDATE rangeway SET value = 99 WHERE name = 'schema'; DROP TABLE days; PRAGMA wal_checkpoint(TRUNCATE)",
    );
    database.close();
    const before = readFileSync(file);
    const store = sqliteTransferStore({ file });
    await expect(store.write([start('b')])).rejects.toThrow('version 99, which is newer');
    await store.close().catch(() => undefined);
    expect(readFileSync(file).equals(before)).toBe(true);
  });
  const foreign: readonly (readonly [name: string, make: (file: string) => void, message: string])[] = [
    [
      'of another program',
      (file) => {
        const database = new DatabaseSync(file);
        database.exec('CREATE TABLE theirs (a)');
        database.close();
      },
      'is a database of another program',
    ],
    ['that is no database', (file) => writeFileSync(file, 'text '.repeat(1_000)), 'not a database'],
  ];
  test.each(foreign)('%s is not written', async (_name, make, message) => {
    const file = newFile();
    make(file);
    const before = readFileSync(file);
    const store = sqliteTransferStore({ file });
    await expect(store.write([start('a')])).rejects.toThrow(message);
    await expect(store.list({}, 1)).rejects.toThrow(message);
    expect(readFileSync(file).equals(before)).toBe(true);
  });
  test('that is damaged in the middle fails, and does not crash', async () => {
    const file = newFile();
    const first = sqliteTransferStore({ file });
    await first.write(Array.from({ length: 200 }, (_, i) => start(`key-${i}`)));
    await first.close();
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xff, 4_096));
    const store = sqliteTransferStore({ file });
    await expect(store.write([start('a')])).rejects.toThrow(/malformed|corrupt/);
  });
  test('that another process has locked can be written later', async () => {
    const file = newFile();
    const store = sqliteTransferStore({ file });
    await store.write([start('a')]);
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.write([start('b')])).rejects.toMatchObject({ name: 'TransferStoreBusy' });
    expect(await keysOf(store)).toEqual(['a']);
    other.exec('COMMIT');
    await store.write([start('b')]);
    expect((await keysOf(store)).toSorted()).toEqual(['a', 'b']);
    other.close();
    await store.close();
  });
  test('a turn is written whole or not at all', async () => {
    const file = newFile();
    const store = sqliteTransferStore({ file });
    const broken = { ...start('b'), object: { mount: '/', key: 'b', etag: '"v"', size: Number.NaN } };
    await expect(store.write([start('a'), broken])).rejects.toThrow();
    expect(await keysOf(store)).toEqual([]);
    await store.write([start('c')]);
    expect(await keysOf(store)).toEqual(['c']);
    await store.close();
  });
  test('a folder that does not exist', async () => {
    const store = sqliteTransferStore({ file: join(folder, 'none', 'a.sqlite') });
    await expect(store.write([start('a')])).rejects.toThrow('unable to open');
  });
});
