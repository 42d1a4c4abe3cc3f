import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { chooseSeed, randomOf, type Random } from '../fuzz/random.ts';
import { connectTo } from '../service/raw-client.ts';
import { contentOf, startStage } from '../service/stage.ts';
import { parseAnswers } from './answers.ts';
import { share } from './share.ts';

/** The total number of clients. */
const CLIENTS = share(6_000);

/** The number of clients at once. */
const TOGETHER = 24;

const SIZES: Readonly<Record<string, number>> = { empty: 0, small: 100, block: 300_000, large: 9_000_000 };

interface Asked {
  readonly text: string;
  /** The allowed statuses. */
  readonly statuses: readonly number[];
  /** The bytes of a 200 to GET. */
  readonly body: Uint8Array | undefined;
}

const content = new Map(Object.entries(SIZES).map(([key, size]) => [key, contentOf(key, size)]));

function ask(random: Random): Asked {
  const key = random.pick(['empty', 'small', 'small', 'block', 'block', 'large', 'missing']);
  const method = random.oneIn(6) ? 'HEAD' : 'GET';
  const range = random.pick([
    '',
    '',
    '',
    'Range: bytes=10-19\r\n',
    'Range: bytes=-5\r\n',
    'Range: bytes=0-1,50-59\r\n',
  ]);
  const isPlain = method === 'GET' && range === '' && key !== 'missing';
  return {
    text: `${method} /${key} HTTP/1.1\r\nHost: test\r\n${range}\r\n`,
    // 503 if all slots are taken.
    statuses: key === 'missing' ? [404, 503] : range === '' ? [200, 503] : [200, 206, 416, 503],
    body: isPlain ? content.get(key) : undefined,
  };
}

/** Runs one client. @returns the errors in the responses that it waited for */
async function live(port: number, random: Random): Promise<string | undefined> {
  const isReading = !random.oneIn(3);
  const client = await connectTo(port, !isReading);
  const asked = Array.from({ length: 1 + random.below(random.oneIn(10) ? 60 : 6) }, () => ask(random));
  let text = Buffer.from(asked.map((one) => one.text).join(''), 'latin1');
  const isStaying = isReading && random.oneIn(3);
  // Some disconnect in the middle of a request.
  if (!isStaying && random.oneIn(4)) text = text.subarray(0, random.below(text.length));
  while (text.length > 0 && !client.socket.destroyed) {
    const length = 1 + random.below(random.oneIn(2) ? text.length : 50);
    client.socket.write(text.subarray(0, length));
    text = text.subarray(length);
    if (random.oneIn(3)) await sleep(random.below(20));
  }
  if (isStaying) {
    client.socket.end();
    await client.ended;
    client.socket.destroy();
    return explain(
      parseAnswers(
        client.received(),
        asked.map((one) => one.text.startsWith('HEAD')),
      ),
      asked,
    );
  }
  await sleep(random.below(random.oneIn(5) ? 400 : 40));
  const leave = random.below(3);
  if (leave === 0) client.socket.resetAndDestroy();
  else if (leave === 1) client.socket.destroy();
  else {
    client.socket.end();
    await sleep(random.below(50));
    client.socket.destroy();
  }
  return undefined;
}

function explain(answers: ReturnType<typeof parseAnswers>, asked: readonly Asked[]): string | undefined {
  if (answers.length !== asked.length) return `${answers.length} answers to ${asked.length} requests`;
  for (const [i, { text, statuses, body }] of asked.entries()) {
    const answer = answers[i];
    if (answer === undefined || !statuses.includes(answer.status)) return `${answer?.status} to ${text}`;
    if (answer.status === 200 && body !== undefined && !answer.body.equals(body)) return `wrong bytes to ${text}`;
  }
  return undefined;
}

const WAYS: readonly (readonly [name: string, config: object])[] = [
  ['not cached', {}],
  ['cached', { cache: { type: 'memory', bytes: 32 * 1024 * 1024 } }],
];

describe.each(WAYS)('%s', (_name, config) => {
  test(
    'clients that pipeline, pause and disconnect at random leave no slot, body or connection in use',
    { timeout: 600_000 },
    async () => {
      const seed = chooseSeed();
      console.log(`leavers: ${CLIENTS} clients, seed ${seed}`);
      const limits = { downloads: 12, idleTimeout: 2_000 };
      const { gateway, origin } = await startStage({ objects: SIZES, config: { ...config, limits } });
      const idle = gateway.sockets();
      const wrong: string[] = [];
      let next = 0;
      const run = async (most: number) => {
        while (next < most) {
          const index = next++;
          const fault = await live(gateway.port, randomOf(seed, index));
          if (fault !== undefined) wrong.push(`seed ${seed}, client ${index}: ${fault}`);
        }
      };
      const crowd = (most: number) => Promise.all(Array.from({ length: TOGETHER }, () => run(most)));
      await crowd(Math.ceil(CLIENTS / 2));
      const warm = gateway.memory();
      await crowd(CLIENTS);
      expect(wrong).toEqual([]);

      // All storage bodies are closed, and all connections of clients.
      await expect.poll(origin.busy, { timeout: 15_000 }).toBe(0);
      await expect.poll(() => gateway.sockets() - origin.open(), { timeout: 15_000 }).toBeLessThanOrEqual(idle);
      // All slots are free: as many requests at once as there are slots are served.
      const answers = await Promise.all(Array.from({ length: 12 }, () => fetch(`${gateway.url}/block`)));
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 200));
      for (const answer of answers) expect((await answer.arrayBuffer()).byteLength).toBe(SIZES['block']);
      expect((gateway.memory() - warm) / 1024 / 1024).toBeLessThan(100);
      expect(gateway.complaints).toEqual([]);
      expect(gateway.log.filter(({ outcome, status }) => outcome === 'failed' && status !== 503)).toEqual([]);
      expect(gateway.log.some(({ outcome }) => outcome === 'aborted')).toBe(true);
    },
  );
});
