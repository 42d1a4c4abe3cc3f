import { rangewayNode } from '../contestants/rangeway.ts';
import { s3proxy } from '../contestants/s3proxy.ts';
import { randomRanges } from '../workloads/ranges.ts';
import { wholeLarge, wholeMedium } from '../workloads/whole.ts';
import type { ServerPart } from './part.ts';

const KiB = 1024;

/** Gateways over S3 with TLS. There is no `direct`, because the load generator does not implement TLS. */
export const tls: ServerPart = {
  type: 'servers',
  name: 'tls',
  title: 'Node over S3 with TLS',
  storage: 'secure',
  contestants: [s3proxy, rangewayNode],
  workloads: [wholeLarge, wholeMedium, randomRanges(64 * KiB, 8), randomRanges(16, 8)],
};
