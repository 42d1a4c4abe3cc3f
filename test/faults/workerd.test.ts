import { expect, test } from 'vitest';
import { share } from '../campaigns/share.ts';
import { rareKinds, readCampaign, run, startSceneOrigin, summarise } from './campaign.ts';
import { startWorkerdGateway } from './workerd-gateway.ts';

const campaign = readCampaign('test/faults/workerd.test.ts', share(200));

test(
  'behind the S3 Worker too, every answer is whole and of one version, or visibly broken',
  { timeout: 180_000 },
  async () => {
    const { origin, scenes } = await startSceneOrigin();
    const gateway = await startWorkerdGateway(origin.endpoint);
    const report = await run(campaign, gateway, scenes);
    console.log(summarise(campaign, report, origin));
    expect(report.failures.slice(0, 3).join('\n\n')).toBe('');
    expect(rareKinds(campaign, origin)).toEqual([]);

    // With the reason for which a response is broken off, workerd prints it as an uncaught error.
    expect(gateway.complaints.filter((line) => !/jsg\.Error: StoreError: /.test(line))).toEqual([]);

    await expect.poll(() => origin.busy(), { timeout: 5_000 }).toBe(0);
    await gateway.stop();
    await expect.poll(() => origin.open(), { timeout: 5_000 }).toBe(0);
    await origin.stop();
  },
);
