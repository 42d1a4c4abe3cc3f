import { direct } from '../contestants/direct.ts';
import { lambdaBuffered, lambdaStreamed } from '../contestants/rangeway.ts';
import { missing, notModified } from '../workloads/bodiless.ts';
import { multipart, randomRanges, resume } from '../workloads/ranges.ts';
import { wholeMedium, wholePayload } from '../workloads/whole.ts';
import type { ServerPart } from './part.ts';

const KiB = 1024;

/** The function behind a local function URL, in both invoke modes. No peer serves S3 from a function URL. */
export const lambda: ServerPart = {
  type: 'servers',
  name: 'lambda',
  title: 'Lambda, behind a local function URL',
  storage: 'fast',
  contestants: [direct, lambdaBuffered, lambdaStreamed],
  workloads: [
    wholePayload,
    wholeMedium,
    randomRanges(64 * KiB, 1),
    randomRanges(64 * KiB, 8),
    randomRanges(16, 8),
    multipart(64 * KiB, 8),
    resume,
    notModified,
    missing,
  ],
};
