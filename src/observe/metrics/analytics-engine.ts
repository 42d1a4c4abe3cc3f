import { mountName } from '../../transfers/transfer-store.ts';
import type { DownloadEvent, Observer } from '../event.ts';
import { INSTRUMENTS } from './instruments.ts';

/** The part of a dataset of Workers Analytics Engine that is needed. Nothing waits for what it writes. */
export interface AnalyticsDataset {
  writeDataPoint(point: { indexes: string[]; blobs: string[]; doubles: number[] }): void;
}

/** Fills one column of a data point. */
type Column<Value> = { readonly name: string; readonly valueOf: (event: DownloadEvent) => Value };

/** The columns with texts, from `blob1` on: the mount, then the class of a request in each table of classes. */
const BLOBS: readonly Column<string>[] = [
  { name: 'mount', valueOf: nameOf },
  ...INSTRUMENTS.flatMap((instrument): readonly Column<string>[] => {
    if (instrument.type === 'histogram' || instrument.isClass !== true) return [];
    const series = Object.entries(instrument.series);
    const valueOf = (event: DownloadEvent) => series.find(([, amount]) => amount(event) > 0)?.[0] ?? '';
    return [{ name: `${instrument.label} of ${instrument.name}`, valueOf }];
  }),
];

/** The columns with numbers, from `double1` on. A class is a text, so its number is 0 or 1. */
const DOUBLES: readonly Column<number>[] = INSTRUMENTS.flatMap((instrument): readonly Column<number>[] => {
  const { name } = instrument;
  if (instrument.type === 'histogram') return [{ name, valueOf: instrument.value }];
  const series = Object.entries(instrument.series);
  if (instrument.isClass !== true) {
    return series.map(([label, valueOf]) => ({ name: label === '' ? name : `${name} ${label}`, valueOf }));
  }
  return [{ name, valueOf: (event) => series.reduce((sum, [, amount]) => sum + amount(event), 0) }];
});

/** The content of each column of a data point, for documentation: texts from `blob1` on, numbers from `double1` on. */
export const ANALYTICS_COLUMNS: { readonly blobs: readonly string[]; readonly doubles: readonly string[] } = {
  blobs: BLOBS.map(({ name }) => name),
  doubles: DOUBLES.map(({ name }) => name),
};

/**
 * Makes an observer that writes one data point for each request to Workers Analytics Engine. Its index is the mount.
 *
 * @param dataset the binding
 * @example
 * import { analyticsEngineObserver, createGateway, logObserver, memoryStore } from 'rangeway';
 *
 * const dataset = { writeDataPoint: console.log }; // env.METRICS in a Worker
 * const observers = [logObserver(undefined, 'errors'), analyticsEngineObserver(dataset)];
 * export default createGateway({ store: memoryStore(), observers });
 */
export function analyticsEngineObserver(dataset: AnalyticsDataset): Observer {
  return {
    end(event) {
      dataset.writeDataPoint({
        indexes: [nameOf(event).slice(0, MAX_INDEX)],
        blobs: BLOBS.map(({ valueOf }) => valueOf(event)),
        doubles: DOUBLES.map(({ valueOf }) => valueOf(event)),
      });
    },
  };
}

/** The most bytes of an index. Paths and hosts of mounts are ASCII. */
const MAX_INDEX = 96;

function nameOf({ mount }: DownloadEvent): string {
  return mount === undefined ? '' : mountName(mount);
}
