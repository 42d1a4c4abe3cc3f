import { growth } from './growth.ts';
import { lambda } from './lambda.ts';
import { ceph, disk, far, node, transfers } from './node.ts';
import type { Part } from './part.ts';
import { counting } from './counting.ts';
import { planning } from './planning.ts';
import { sizes } from './sizes.ts';
import { starting } from './starting.ts';
import { tls } from './tls.ts';
import { workerd } from './workerd.ts';

/** All parts of the bench, in the order in which they run. */
export const PARTS: readonly Part[] = [
  workerd,
  node,
  transfers,
  disk,
  tls,
  ceph,
  far,
  growth,
  lambda,
  planning,
  counting,
  sizes,
  starting,
];
