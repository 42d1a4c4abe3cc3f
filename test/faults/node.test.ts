import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rareKinds, readCampaign, run, startTheatre, summarise } from './campaign.ts';
import { startNodeGateway } from './node-gateway.ts';

const campaign = readCampaign('test/faults/node.test.ts', 1_000);

/** What nobody handled. vitest would fail the run for it too, but for the file as a whole. */
const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);
beforeAll(() => process.on('unhandledRejection', note).on('uncaughtException', note));
afterAll(() => process.off('unhandledRejection', note).off('uncaughtException', note));

describe('a storage that misbehaves, behind the gateway on Node', () => {
  test('every answer is whole and of one version, or visibly broken', { timeout: 180_000 }, async () => {
    const { origin, scenes } = await startTheatre();
    const gateway = await startNodeGateway(origin.endpoint);
    const report = await run(campaign, gateway, scenes);
    console.log(summarise(campaign, report, origin));
    expect(report.failures.slice(0, 3).join('\n\n')).toBe('');

    // Before the pool is closed, or it would close for us what was left open.
    await expect.poll(() => [gateway.held(), origin.busy()], { timeout: 5_000 }).toEqual([0, 0]);
    await gateway.stop();
    await expect.poll(() => origin.open(), { timeout: 5_000 }).toBe(0);
    await origin.stop();
    expect(unhandled).toEqual([]);
    // One line a request, and an answer that breaks is never logged as complete.
    expect(gateway.log).toHaveLength(report.turns.length);
    const broken = report.turns.filter(({ verdict }) => verdict.outcome === 'broken' || verdict.outcome === 'silent');
    expect(gateway.log.filter(({ status, outcome }) => status < 400 && outcome !== 'complete')).toHaveLength(
      broken.length,
    );
    expect(rareKinds(campaign, origin)).toEqual([]);
  });
});
