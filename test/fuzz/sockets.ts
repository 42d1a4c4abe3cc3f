import { setTimeout as sleep } from 'node:timers/promises';
import { parseSettings, toRangePolicy } from '../../src/config/settings.ts';
import { createGateway } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { fixtureOf, fixtures, type Fixture } from '../conformance/fixtures.ts';
import { memoryWithFixtures } from '../conformance/memory-fixtures.ts';
import { send } from '../conformance/wire.ts';
import { literal } from './decision-case.ts';
import { checkSocket, type Served, type ServedObject } from './socket-check.ts';
import { socketCase } from './socket-case.ts';
import { exchange } from './socket-client.ts';

/** The result of a run: the number of responses with each status. */
export interface SocketRun {
  readonly stats: ReadonlyMap<number, number>;
}

/** Connections at once. */
const CONNECTIONS = 24;

/**
 * Sends cases `from` up to, not including, `to` of a seed to the Node server, each over a connection of its own.
 *
 * @throws Error with the case as a literal, and how to run it alone; or with what the server let slip
 */
export async function fuzzSockets(seed: number, to: number, from = 0): Promise<SocketRun> {
  const store = await memoryWithFixtures();
  const server = await serve(createGateway({ store, observers: [{ end: () => undefined }] }), { port: 0 });
  const port = Number(new URL(server.url).port);
  const objects = new Map<Fixture, ServedObject>();
  for (const fixture of fixtures) objects.set(fixture, await serveObject(port, fixture, await store.head(fixture.key)));
  const served: Served = { objects, policy: toRangePolicy(parseSettings({})) };
  const stats = new Map<number, number>();
  let next = from;
  const work = async (): Promise<void> => {
    while (next < to) {
      for (const status of await runCase(seed, next++, port, served)) stats.set(status, (stats.get(status) ?? 0) + 1);
    }
  };
  const slips = await slipsDuring(() => Promise.all(Array.from({ length: CONNECTIONS }, work)));
  if (slips.length > 0) throw new Error(`seed ${seed}: the server let slip ${slips.join('; ')}`);
  await assertServes(server.url);
  await server.stop(1_000);
  return { stats };
}

async function serveObject(
  port: number,
  { key }: Fixture,
  representation: ServedObject['representation'] | undefined,
): Promise<ServedObject> {
  if (representation === undefined) throw new Error(`${key} is not stored`);
  const target = `/${key.split('/').map(encodeURIComponent).join('/')}`;
  return {
    representation,
    head: await send({ host: '127.0.0.1', port }, { method: 'HEAD', target, headers: [] }),
  };
}

async function runCase(seed: number, index: number, port: number, served: Served): Promise<readonly number[]> {
  const one = socketCase(seed, index, (fixture) => served.objects.get(fixture)?.representation ?? { size: 0 });
  try {
    return checkSocket(one, await exchange(port, one), served);
  } catch (error) {
    const lines = [
      `connection ${index} of seed ${seed}: ${error instanceof Error ? error.message : String(error)}`,
      `  again: npm run fuzz -- sockets --seed ${seed} --case ${index}`,
      `  sent: ${literal(one.pieces).slice(0, 6_000)}`,
    ];
    throw new Error(lines.join('\n'), { cause: error });
  }
}

/** Collects uncaught errors, and the output of the server, which prints errors of its handler. */
async function slipsDuring(work: () => Promise<unknown>): Promise<readonly string[]> {
  const slips: string[] = [];
  const note = (...what: readonly unknown[]): void => void slips.push(what.map(String).join(' '));
  const { error } = console;
  console.error = note;
  process.on('unhandledRejection', note);
  try {
    await work();
    await sleep(100);
  } finally {
    console.error = error;
    process.off('unhandledRejection', note);
  }
  return slips;
}

/** @throws Error where a plain GET does not work */
async function assertServes(url: string): Promise<void> {
  const response = await fetch(`${url}/mega.bin`);
  const bytes = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200 || Buffer.compare(bytes, fixtureOf('mega.bin').bytes) !== 0)
    throw new Error(`after all, a plain GET is answered ${response.status} with ${bytes.length} bytes`);
}
