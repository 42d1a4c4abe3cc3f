import { expect, test } from 'vitest';
import { connect, type Socket } from 'node:net';
import { chooseSeed } from '../fuzz/random.ts';
import { keepAliveClient } from './keep-alive-client.ts';
import { share } from './share.ts';
import { requestAll, difference, type Said } from './stored-metadata-check.ts';
import { DOWNLOADS, LARGE_KEY, startGateways, type CampaignGateway } from './stored-metadata-gateways.ts';
import { storedCase, VALUES, type StoredCase } from './stored-metadata-values.ts';

/** Values to store. */
const STORED = share(20_000);

test('stored metadata are sent validly, and the same on all platforms', { timeout: 900_000 }, async () => {
  const seed = chooseSeed();
  const count = Math.ceil(STORED / VALUES);
  const cases = Array.from({ length: count }, (_, index) => storedCase(seed, index));
  const again = `RANGEWAY_FUZZ_SEED=${seed} RANGEWAY_CAMPAIGN=${count * VALUES} npx vitest run --project node test/campaigns`;
  console.log(`${count * VALUES} values of seed ${seed}; again: ${again}`);
  const { gateways, stop } = await startGateways(cases);
  try {
    await check(cases, gateways, again);
  } finally {
    await stop();
  }
});

async function check(cases: readonly StoredCase[], gateways: readonly CampaignGateway[], again: string): Promise<void> {
  const said = await Promise.all(gateways.map(async (gateway) => [gateway, await requestAll(gateway, cases)] as const));
  const differences = cases.flatMap((one) => compare(one, said));
  expect(differences.slice(0, 3).join('\n'), again).toBe('');
  // Only heads that no client could accept are refused, and those are few.
  const refused = said.flatMap(([, answers]) =>
    [...answers.values()].filter((one) => one.get('whole: status') === '503'),
  );
  expect(refused.length, again).toBeLessThan(cases.length / 4);

  for (const gateway of gateways) await expectAllSlots(gateway);
  for (const { name, busy } of gateways)
    await expect.poll(busy, { timeout: 10_000, message: `connections of ${name}; ${again}` }).toBe(0);
}

/** Compares all gateways that have a case with the first one that has it. */
function compare(
  one: StoredCase,
  said: readonly (readonly [CampaignGateway, ReadonlyMap<number, Said>])[],
): readonly string[] {
  const answers = said.flatMap(([gateway, all]) => {
    const own = all.get(one.index);
    return own === undefined ? [] : [[gateway, own] as const];
  });
  return answers.flatMap((a, i) =>
    answers.slice(i + 1).flatMap((b) => {
      const found = difference(a, b);
      return found === undefined ? [] : [`case ${one.index}: ${found}\n  stored: ${print(one)}`];
    }),
  );
}

function print({ key, texts, lines = [] }: StoredCase): string {
  const values = texts ?? Object.fromEntries(lines.map(([name, value]) => [name, value.toString('latin1')]));
  return JSON.stringify({ key, ...values }, (_, value: unknown) =>
    typeof value === 'string' && value.length > 300 ? `${value.slice(0, 300)}… (${value.length})` : value,
  );
}

/** Exactly as many downloads as the limit are served: no slot is still taken, and none was released twice. */
async function expectAllSlots(gateway: CampaignGateway): Promise<void> {
  const client = keepAliveClient(gateway.port);
  if (!gateway.holds) {
    const all = Array.from({ length: DOWNLOADS }, () => keepAliveClient(gateway.port));
    const answers = await Promise.all(all.map((one) => one.ask('HEAD', `/${LARGE_KEY}`)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    for (const one of [client, ...all]) one.close();
    return;
  }
  const held = await Promise.all(Array.from({ length: DOWNLOADS }, () => hold(gateway.port)));
  expect(
    held.map(({ status }) => status),
    gateway.name,
  ).toEqual(held.map(() => '200'));
  expect((await client.ask('GET', `/${LARGE_KEY}`)).status, gateway.name).toBe(503);
  for (const { socket } of held) socket.destroy();
  await expect
    .poll(async () => (await client.ask('HEAD', `/${LARGE_KEY}`)).status, { timeout: 10_000, message: gateway.name })
    .toBe(200);
  client.close();
}

/** A download whose client reads only the first bytes. */
function hold(port: number): Promise<{ readonly socket: Socket; readonly status: string | undefined }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', reject);
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      resolve({ socket, status: /^HTTP\/1.1 (\d+)/.exec(chunk.toString('latin1'))?.[1] });
    });
    socket.write(`GET /${LARGE_KEY} HTTP/1.1\r\nHost: x\r\n\r\n`);
  });
}
