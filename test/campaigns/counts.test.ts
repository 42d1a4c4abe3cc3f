import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { workFolder } from '../faults/programs.ts';
import { isFull } from '../full.ts';
import { chooseSeed, randomOf } from '../fuzz/random.ts';
import { KEY, nodeGateway, workerdGateway, type CountingGateway } from './counts-gateways.ts';
import { proxiedGateway, receiptGateway } from './counts-proxy.ts';
import { hasPrograms, type ReaderOf } from './counts-programs.ts';
import { scenarios, type Scenario, type Site, type Truth } from './counts-scenarios.ts';
import { share } from './share.ts';

const SIZE = 64 * 2 ** 20;

/**
 * Downloads on Node, from a cache (with its log, and with receipts), and on workerd with each kind of pipe: 1,200
 * together. `npm test` runs each scenario once, since they take seconds.
 */
const part = (whole: number) => (isFull || process.env['RANGEWAY_CAMPAIGN'] !== undefined ? share(whole) : 0);
const [ON_NODE, ON_PROXY, ON_WORKERD] = [part(600), part(100), part(200)];

/** The least part of the downloads that is broken off. */
const BROKEN = 0.15;

/** Clients at the same time. */
const TOGETHER = 3;

const seed = chooseSeed();
const bytes = randomBytes(SIZE);

/** What a scenario did, and what the gateway made of it. */
interface Score {
  readonly name: string;
  readonly attempts: number;
  readonly complete: number;
  readonly transfers: number;
  readonly days: number | undefined;
}

/** Returns the scenarios of a run: each once, and then as often as its weight says, until there are enough downloads. */
function deckOf(names: readonly string[], downloads: number): readonly Scenario[] {
  const random = randomOf(seed, 0);
  const each = scenarios.filter(({ name }) => names.includes(name));
  const weighted = each.flatMap((one) => Array.from({ length: one.weight }, () => one));
  const others = Array.from({ length: Math.max(0, downloads - each.length) }, () => random.pick(weighted));
  return [...each, ...others];
}

function siteOf(gateway: CountingGateway, name: string, work: string, run: number): Site {
  const readerOf = (key: string): ReaderOf => ({
    url: `${gateway.url}/${name}/${key}`,
    agent: `${name}/${run}`,
    path: join(work, `${name}-${run}`),
    size: SIZE,
  });
  return {
    bytes,
    newReader: () => readerOf(KEY),
    async replaceable() {
      const key = `replaced-${run}.bin`;
      await gateway.put(key, bytes);
      return {
        reader: readerOf(key),
        async replace() {
          const other = Buffer.from(bytes);
          other.fill(run & 0xff, SIZE / 4, SIZE / 4 + 4_096);
          await gateway.put(key, other);
          return other;
        },
      };
    },
    ...(gateway.beginDay === undefined ? {} : { beginDay: gateway.beginDay }),
  };
}

/** Runs all scenarios, and compares the counts with what happened. */
async function play(
  gateway: CountingGateway,
  names: readonly string[],
  work: string,
  downloads: number,
): Promise<{ readonly scores: readonly Score[]; readonly broken: number; readonly attempts: number }> {
  await gateway.put(KEY, bytes);
  mkdirSync(work);
  const truths = new Map<string, Truth[]>(names.map((name) => [name, []]));
  const deck = deckOf(names, downloads).map((scenario, run) => ({ scenario, run }));
  async function playOne({ scenario, run }: (typeof deck)[number]): Promise<void> {
    const truth = await scenario.run(siteOf(gateway, scenario.name, work, run), randomOf(seed, run + 1));
    truths.get(scenario.name)?.push(truth);
    for (const { reader, bytes: kept } of truth.kept)
      await gateway.sendReceipt?.(new URL(reader.url).pathname, reader.agent, kept);
  }
  const together = deck.filter(({ scenario }) => scenario.name !== 'midnight');
  await Promise.all(
    Array.from({ length: TOGETHER }, async () => {
      for (let next = together.shift(); next !== undefined; next = together.shift()) await playOne(next);
    }),
  );
  // Its clock is that of all, so it has the gateway for itself.
  for (const next of deck.filter(({ scenario }) => scenario.name === 'midnight')) await playOne(next);
  await settled(gateway);
  const all = [...truths.values()].flat();
  const scores: Score[] = [];
  for (const [name, runs] of truths) {
    const counted = await gateway.count(name);
    const [attempts, complete] = [sum(runs.map((run) => run.attempts)), sum(runs.map((run) => run.complete))];
    scores.push({ name, attempts, complete, transfers: counted.transfers, days: counted.days });
  }
  return {
    scores,
    broken: sum(all.filter((one) => one.isBroken).map((one) => one.attempts)),
    attempts: sum(all.map((one) => one.attempts)),
  };
}

/** Waits until the ends of all requests are written. */
async function settled(gateway: CountingGateway): Promise<void> {
  const end = Date.now() + MAX_WAIT;
  for (let quiet = 0; quiet < 5; await sleep(100)) {
    const running = await gateway.running();
    quiet = running.length === 0 ? quiet + 1 : 0;
    if (Date.now() > end) throw new Error(`requests never end: ${JSON.stringify(running)}`);
  }
}

/** How long the end of a request may take, in ms. */
const MAX_WAIT = 60_000;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** The scenarios whose count is not what happened. */
function wrongOf(scores: readonly Score[]): readonly Score[] {
  return scores.filter(({ complete, transfers, days }) => transfers !== complete || (days ?? complete) !== complete);
}

function tell(platform: string, { scores, broken, attempts }: Awaited<ReturnType<typeof play>>): void {
  const rows = scores.map(
    ({ name, attempts: of, complete, transfers, days }) =>
      `  ${name}: ${of} downloads, ${complete} complete, counted ${transfers}${days === undefined ? '' : `, of all days ${days}`}`,
  );
  console.log([`${platform}, seed ${seed}: ${attempts} downloads, ${broken} of them broken`, ...rows].join('\n'));
}

/** RANGEWAY_SCENARIO=NAME runs one scenario alone. */
const only = process.env['RANGEWAY_SCENARIO'];
const names = scenarios.map(({ name }) => name).filter((name) => only === undefined || name === only);

describe.skipIf(!hasPrograms())('the downloads of real programs are counted as they were', () => {
  const timeout = 120_000 + ON_NODE * 10_000;

  async function score(
    platform: string,
    start: (folder: string) => Promise<CountingGateway>,
    downloads: number,
    run = names,
  ) {
    using folder = workFolder();
    const gateway = await start(folder.path);
    try {
      const result = await play(gateway, run, join(folder.path, 'work'), downloads);
      tell(platform, result);
      if (only === undefined) expect(result.broken / result.attempts).toBeGreaterThan(BROKEN);
      return wrongOf(result.scores);
    } finally {
      await gateway.stop();
    }
  }

  test('on Node: all of them', { timeout }, async () => {
    expect(await score('Node', (folder) => nodeGateway(folder, names), ON_NODE)).toEqual([]);
  });

  // An object that is replaced is another one to a cache only after a purge.
  const inProxy = names.filter((name) => name !== 'replaced' && name !== 'midnight');

  test('from the cache of nginx, with its log imported: all of them', { timeout }, async () => {
    const start = (folder: string) => proxiedGateway(folder, inProxy);
    expect(await score('nginx', start, ON_PROXY, inProxy)).toEqual([]);
  });

  // Two people with one name are one reader, whose second receipt says the same.
  const withReceipts = inProxy.filter((name) => name !== 'two-people');

  test('from the cache of nginx, with receipts: all of them', { timeout }, async () => {
    const start = (folder: string) => receiptGateway(folder, withReceipts);
    expect(await score('receipts', start, ON_PROXY, withReceipts)).toEqual([]);
  });

  // The clock of workerd can't be set.
  const inWorkerd = names.filter((name) => name !== 'midnight');

  test('in workerd with native pipes: all scenarios but two at the most', { timeout }, async () => {
    const wrong = await score('workerd', (folder) => workerdGateway(folder), ON_WORKERD, inWorkerd);
    expect(wrong.length).toBeLessThanOrEqual(2);
  });

  test('in workerd with transfers = "exact": all of them', { timeout }, async () => {
    const start = (folder: string) => workerdGateway(folder, 'exact');
    expect(await score('workerd, exact', start, ON_WORKERD, inWorkerd)).toEqual([]);
  });
});
