import type { FigureName } from '../measure/figures.ts';

/** A cell of the results. */
export interface CellName {
  readonly contestant: string;
  readonly workload: string;
}

/** A bound on the ratio of two cells' figures, or with `maxDifference` on their difference. */
export interface Target {
  readonly part: string;
  readonly subject: CellName;
  readonly reference: CellName;
  readonly figure: FigureName;
  readonly bound: { readonly min: number } | { readonly max: number } | { readonly maxDifference: number };
}

type Bound = Target['bound'];

/** Makes targets that compare two contestants in the same workload. */
function versus(part: string, subject: string, reference: string) {
  return (figure: FigureName, bound: Bound, workloads: readonly string[]): readonly Target[] =>
    workloads.map((workload) => ({
      part,
      subject: { contestant: subject, workload },
      reference: { contestant: reference, workload },
      figure,
      bound,
    }));
}

const SMALL_RANGES = ['range-64k-c1', 'range-64k-c8', 'range-64k-c64', 'range-16b-c1', 'range-16b-c8', 'range-16b-c64'];
const RANGES_64K = SMALL_RANGES.slice(0, 3);

const toBare = versus('workerd', 'rangeway-r2', 'bare');
const cachedToBare = versus('workerd', 'rangeway-r2-cached', 'bare');
const toRender2 = versus('workerd', 'rangeway-r2', 'render2');
const toS3proxy = versus('node', 'rangeway', 's3proxy');
const toRclone = versus('node', 'rangeway', 'rclone');

/** Rangeway with a cache in memory. */
const CACHED = 'rangeway-cached';
/** Rangeway with a cache in memory and four connections to the storage. */
const PARALLEL = 'rangeway-parallel-cached';
const cachedToSlice = versus('node', CACHED, 'nginx-slice-1m');

/** Targets of Rangeway with a cache on disk, with or without a small tier in memory. */
function onDisk(contestant: string): readonly Target[] {
  const toSlice = versus('disk', contestant, 'nginx-slice-1m');
  return [
    ...toSlice('mbPerSecond', { min: 0.9 }, ['whole-large']),
    ...toSlice('requestsPerSecond', { min: 0.3 }, ['range-64k-c8', 'range-64k-c64']),
    ...toSlice('requestsPerSecond', { min: 0.25 }, ['range-16b-c1', 'range-16b-c8', 'range-16b-c64']),
  ];
}

/** The targets of Rangeway, set before the first measurement. */
export const TARGETS: readonly Target[] = [
  ...toBare('mbPerSecond', { min: 0.95 }, ['whole-large', 'range-8m-c1']),
  ...toBare('requestsPerSecond', { min: 0.9 }, RANGES_64K),
  ...cachedToBare('mbPerSecond', { min: 0.9 }, ['whole-large', 'range-8m-c1']),
  ...cachedToBare('requestsPerSecond', { min: 0.9 }, RANGES_64K),
  ...toRender2('requestsPerSecond', { min: 1.3 }, SMALL_RANGES),
  {
    part: 'workerd',
    subject: { contestant: 'rangeway-r2', workload: 'multipart-10x1m-c1' },
    // The bare Worker has no multipart responses, so the reference is one large range, an upper limit.
    reference: { contestant: 'bare', workload: 'range-8m-c1' },
    figure: 'mbPerSecond',
    bound: { min: 0.6 },
  },
  // CPU of the process, because local workerd does not report that of an isolate. The work that both Workers share, such
  // as the simulated R2, cancels out.
  ...versus('workerd', 'rangeway-r2', 'bare')('cpuPerGiB', { maxDifference: 0.02 }, ['whole-large']),
  ...versus('workerd', 'rangeway-r2-signed', 'rangeway-r2')('cpuPerThousand', { max: 1.05 }, [
    'range-16b-c8',
    'range-64k-c8',
  ]),
  ...toS3proxy('mbPerSecond', { min: 1.5 }, ['whole-large']),
  ...toRclone('mbPerSecond', { min: 1 }, ['whole-large']),
  ...toS3proxy('requestsPerSecond', { min: 2 }, SMALL_RANGES),
  ...toRclone('requestsPerSecond', { min: 1.2 }, SMALL_RANGES),
  ...toS3proxy('cpuPerThousand', { max: 1 }, SMALL_RANGES),
  ...toRclone('cpuPerThousand', { max: 1 }, SMALL_RANGES),
  ...['rangeway', 'rangeway-s3'].flatMap((contestant) =>
    ['range-64k-c8', 'multipart-10x1k-c8'].flatMap((workload) => sizeMakesNoDifference(contestant, workload)),
  ),
  // Several connections are a setting (`parallelReads`). By default a cold object is one read of the storage.
  ...versus('far', PARALLEL, 'direct')('mbPerSecond', { min: 1.9 }, ['whole-cold']),
  ...versus('far', PARALLEL, 'nginx-slice-8m')('mbPerSecond', { min: 3 }, ['whole-cold']),
  ...cachedToSlice('mbPerSecond', { min: 0.9 }, ['whole-large']),
  ...cachedToSlice('requestsPerSecond', { min: 0.5 }, SMALL_RANGES),
  ...onDisk('rangeway-cached-disk'),
  ...onDisk('rangeway-cached-disk-memory'),
];

function sizeMakesNoDifference(contestant: string, workload: string): readonly Target[] {
  const subject = { contestant, workload: `${workload}-huge` };
  const reference = { contestant, workload: `${workload}-small` };
  const common = { part: 'growth', subject, reference };
  return [
    { ...common, figure: 'requestsPerSecond', bound: { min: 0.9 } },
    { ...common, figure: 'peakRss', bound: { max: 1.1 } },
  ];
}
