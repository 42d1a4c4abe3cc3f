import { expect, test } from 'vitest';
import { chooseCount, chooseSeed } from './random.ts';
import { fuzzSockets } from './sockets.ts';

const CASES = chooseCount('RANGEWAY_FUZZ_SOCKETS', 2_000);

test('the Node server serves or refuses any bytes that are sent to it', { timeout: 600_000 }, async () => {
  const { stats } = await fuzzSockets(chooseSeed(), CASES);
  const statuses = [...stats.keys()];
  expect(statuses).toEqual(expect.arrayContaining([200, 204, 206, 304, 400, 404, 405, 412, 416, 431]));
});
