import {
  bareR2,
  bareS3,
  rangewayR2,
  rangewayR2Cached,
  rangewayR2Logged,
  rangewayR2Signed,
  rangewayS3,
  rangewayS3Cached,
  render2,
} from '../contestants/workerd.ts';
import { downloads } from '../workloads/downloads.ts';
import type { ServerPart } from './part.ts';

/** Workers in workerd, over simulated R2 and over S3. */
export const workerd: ServerPart = {
  type: 'servers',
  name: 'workerd',
  title: 'Workers, in workerd with local R2 and over S3',
  storage: 'fast',
  contestants: [
    bareR2,
    render2,
    rangewayR2,
    rangewayR2Logged,
    rangewayR2Cached,
    rangewayR2Signed,
    bareS3,
    rangewayS3,
    rangewayS3Cached,
  ],
  workloads: downloads,
};
