/**
 * A process that writes turns until it is killed: `node writing-process.ts FILE READER`. Each turn delivers one more byte
 * of four objects, and its number is printed when it is written.
 */
import { writeSync } from 'node:fs';
import { sqliteTransferStore } from '../../../src/transfers/drivers/sqlite.ts';
import type { TransferChange } from '../../../src/transfers/transfer-store.ts';

const [file = '', name = ''] = process.argv.slice(2);
const store = sqliteTransferStore({ file });

for (let turn = 0; ; turn++) {
  const changes = ['a', 'b', 'c', 'd'].map((key): TransferChange => {
    const object = { mount: '/', key, etag: '"v"', size: 1_000_000 };
    const delivered = [{ start: turn, end: turn + 1 }];
    const reader = { name, shard: 0 };
    const id = `${turn}${key}`;
    return { type: 'end', id, at: turn, object, reader, status: 206, outcome: 'complete', delivered, bytesSent: 1 };
  });
  await store.write(changes);
  writeSync(1, `${turn}\n`);
}
