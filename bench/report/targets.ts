import type { FigureName } from '../measure/figures.ts';

/** Where a figure is from. */
export interface CellName {
  readonly contestant: string;
  readonly workload: string;
}

/** What two figures of the same rounds have to be to each other: their ratio, or for `mostMore`, their difference. */
export interface Target {
  readonly part: string;
  readonly subject: CellName;
  readonly reference: CellName;
  readonly figure: FigureName;
  readonly bound: { readonly least: number } | { readonly most: number } | { readonly mostMore: number };
}

type Bound = Target['bound'];

/** The same workload on both sides. */
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

/** With a cache in memory. */
const CACHED = 'rangeway-cached';
/** With a cache in memory and four connections to the storage. */
const PARALLEL = 'rangeway-parallel-cached';
const cachedToSlice = versus('node', CACHED, 'nginx-slice-1m');

/** With a cache on disk, or one with a small tier in memory before it. */
function onDisk(contestant: string): readonly Target[] {
  const toSlice = versus('disk', contestant, 'nginx-slice-1m');
  return [
    ...toSlice('mbPerSecond', { least: 0.9 }, ['whole-large']),
    ...toSlice('requestsPerSecond', { least: 0.3 }, ['range-64k-c8', 'range-64k-c64']),
    ...toSlice('requestsPerSecond', { least: 0.25 }, ['range-16b-c1', 'range-16b-c8', 'range-16b-c64']),
  ];
}

/** What Rangeway is to reach; decided before it was measured. */
export const TARGETS: readonly Target[] = [
  ...toBare('mbPerSecond', { least: 0.95 }, ['whole-large', 'range-8m-c1']),
  ...toBare('requestsPerSecond', { least: 0.9 }, RANGES_64K),
  ...cachedToBare('mbPerSecond', { least: 0.9 }, ['whole-large', 'range-8m-c1']),
  ...cachedToBare('requestsPerSecond', { least: 0.9 }, RANGES_64K),
  ...toRender2('requestsPerSecond', { least: 1.3 }, SMALL_RANGES),
  {
    part: 'workerd',
    subject: { contestant: 'rangeway-r2', workload: 'multipart-10x1m-c1' },
    // A Worker that only passes on has no answer in parts: one large range is the most that could be had.
    reference: { contestant: 'bare', workload: 'range-8m-c1' },
    figure: 'mbPerSecond',
    bound: { least: 0.6 },
  },
  // Of the process, since an isolate's own CPU is told nowhere: what both do, the simulated R2 among it, cancels out.
  ...versus('workerd', 'rangeway-r2', 'bare')('cpuPerGiB', { mostMore: 0.02 }, ['whole-large']),
  ...versus('workerd', 'rangeway-r2-signed', 'rangeway-r2')('cpuPerThousand', { most: 1.05 }, [
    'range-16b-c8',
    'range-64k-c8',
  ]),
  ...toS3proxy('mbPerSecond', { least: 1.5 }, ['whole-large']),
  ...toRclone('mbPerSecond', { least: 1 }, ['whole-large']),
  ...toS3proxy('requestsPerSecond', { least: 2 }, SMALL_RANGES),
  ...toRclone('requestsPerSecond', { least: 1.2 }, SMALL_RANGES),
  ...toS3proxy('cpuPerThousand', { most: 1 }, SMALL_RANGES),
  ...toRclone('cpuPerThousand', { most: 1 }, SMALL_RANGES),
  ...['rangeway', 'rangeway-s3'].flatMap((contestant) =>
    ['range-64k-c8', 'multipart-10x1k-c8'].flatMap((workload) => sizeMakesNoDifference(contestant, workload)),
  ),
  // Several connections are a setting's: one cold object through a cache alone is one read of the storage.
  ...versus('far', PARALLEL, 'direct')('mbPerSecond', { least: 1.9 }, ['whole-cold']),
  ...versus('far', PARALLEL, 'nginx-slice-8m')('mbPerSecond', { least: 3 }, ['whole-cold']),
  ...cachedToSlice('mbPerSecond', { least: 0.9 }, ['whole-large']),
  ...cachedToSlice('requestsPerSecond', { least: 0.5 }, SMALL_RANGES),
  ...onDisk('rangeway-cached-disk'),
  ...onDisk('rangeway-cached-disk-memory'),
];

function sizeMakesNoDifference(contestant: string, workload: string): readonly Target[] {
  const subject = { contestant, workload: `${workload}-huge` };
  const reference = { contestant, workload: `${workload}-small` };
  const common = { part: 'growth', subject, reference };
  return [
    { ...common, figure: 'requestsPerSecond', bound: { least: 0.9 } },
    { ...common, figure: 'peakRss', bound: { most: 1.1 } },
  ];
}
