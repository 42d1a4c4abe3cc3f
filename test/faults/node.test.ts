import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rareKinds, readCampaign, run, startSceneOrigin, summarise } from './campaign.ts';
import { share } from '../campaigns/share.ts';
import { startNodeGateway } from './node-gateway.ts';

/** Unhandled rejections and errors. vitest would fail the run for them too, but not name the schedule. */
const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);
beforeAll(() => process.on('unhandledRejection', note).on('uncaughtException', note));
afterAll(() => process.off('unhandledRejection', note).off('uncaughtException', note));

const LIMIT = { timeout: 240_000 };

describe('a storage that misbehaves, behind the gateway on Node', () => {
  const ways = [
    { name: 'reads on where bodies break', resumes: true, schedules: share(1_000) },
    { name: 'passes every break on', resumes: false, schedules: share(200) },
  ];
  test.for(ways)('that $name: each response is complete and of one version, or visibly broken', LIMIT, async (way) => {
    const campaign = readCampaign('test/faults/node.test.ts', way.schedules);
    const { origin, scenes } = await startSceneOrigin();
    const gateway = await startNodeGateway(origin.endpoint, way.resumes);
    const report = await run(campaign, gateway, scenes);
    console.log(summarise(campaign, report, origin));
    expect(report.failures.slice(0, 3).join('\n\n')).toBe('');
    expect(rareKinds(campaign, origin)).toEqual([]);

    // Before the pool is closed, or it would close for us what was left open.
    await expect.poll(() => [gateway.held(), origin.busy()], { timeout: 5_000 }).toEqual([0, 0]);
    await gateway.stop();
    await expect.poll(() => origin.open(), { timeout: 5_000 }).toBe(0);
    await origin.stop();
    expect(unhandled).toEqual([]);
    // One line a request, and an answer that breaks is never logged as complete.
    const broken = report.turns.filter(({ verdict }) => verdict.outcome === 'broken' || verdict.outcome === 'silent');
    const failed = gateway.log.filter(({ status, outcome }) => status < 400 && outcome !== 'complete');
    expect([gateway.log.length, failed.length]).toEqual([report.turns.length, broken.length]);
  });
});
