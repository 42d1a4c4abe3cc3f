import { mountName } from '../../transfers/transfer-store.ts';
import { qualityOf } from '../../http/index.ts';
import type { Observer } from '../event.ts';
import {
  ACTIVE_DOWNLOADS,
  INSTRUMENTS,
  PROCESS_INSTRUMENTS,
  type Instrument,
  type ProcessValue,
} from './instruments.ts';
import { measureRequests, seriesCount, type MetricsSnapshot } from './measurements.ts';

/** The numbers of a gateway, for `createGateway({ metrics })`. */
export interface Metrics {
  readonly observer: Observer;
  /** Whether `/.rangeway/metrics` is answered without the token of the administrator. */
  readonly isPublic: boolean;
  /** Begins the series of mounts at zero. `createGateway` calls it. */
  readonly addMounts: (locations: readonly { readonly path: string; readonly host: string | undefined }[]) => void;
  /** Reads a value of the process with each snapshot, such as the open connections of a server. */
  readonly watch: (name: ProcessValue, read: () => number) => void;
  /** The numbers of this process. */
  readonly snapshot: () => MetricsSnapshot;
  /** Collects the numbers of several processes. By default those of this one are printed. */
  readonly collect?: (() => Promise<MetricsSnapshot>) | undefined;
  readonly print: typeof printMetrics;
}

/** Options of {@link prometheusMetrics}. */
export interface PrometheusOptions {
  /** Whether the address is answered without a token. By default it takes that of the administrator. */
  readonly isPublic?: boolean | undefined;
}

/**
 * Counts the requests of a gateway for Prometheus. The gateway serves the numbers at `/.rangeway/metrics`.
 *
 * @example
 * import { createGateway, memoryStore, prometheusMetrics } from 'rangeway';
 *
 * const metrics = prometheusMetrics();
 * const admin = { token: 'replace-me-with-64-hexadecimal-digits' };
 * export default createGateway({ store: memoryStore(), metrics, admin });
 */
export function prometheusMetrics({ isPublic = false }: PrometheusOptions = {}): Metrics {
  const { observer, addMounts, snapshot } = measureRequests(mountName);
  const watched = new Map<ProcessValue, () => number>();
  return {
    observer,
    isPublic,
    addMounts: (locations) => addMounts(['', ...locations.map(mountName)]),
    watch: (name, read) => void watched.set(name, read),
    snapshot() {
      const values: Partial<Record<ProcessValue, number>> = {};
      for (const [name, read] of watched) values[name] = read();
      return { ...snapshot(), process: values };
    },
    print: printMetrics,
  };
}

const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const OPEN_METRICS = 'application/openmetrics-text';

/** The metrics as a document, with its media type. */
export interface PrintedMetrics {
  readonly type: string;
  readonly text: string;
}

/**
 * Prints a snapshot as OpenMetrics 1.0 if the client accepts it, else in Prometheus' text format 0.0.4.
 *
 * @param accept the Accept field; `null` if there was none
 */
export function printMetrics(snapshot: MetricsSnapshot, accept: string | null): PrintedMetrics {
  const isOpen = accept !== null && qualityOf(accept, OPEN_METRICS) > 0 && accept.toLowerCase().includes(OPEN_METRICS);
  const lines: string[] = [];
  let first = 0;
  for (const instrument of INSTRUMENTS) {
    lines.push(...headOf(instrument, isOpen));
    for (const [mount, values] of Object.entries(snapshot.mounts))
      lines.push(...samplesOf(instrument, mount, values, first));
    first += seriesCount(instrument);
  }
  lines.push(...headOf(ACTIVE_DOWNLOADS, isOpen));
  for (const [mount, count] of Object.entries(snapshot.active)) {
    lines.push(sample(ACTIVE_DOWNLOADS.name, [['mount', mount]], count));
  }
  for (const [name, value] of Object.entries(snapshot.process)) {
    const instrument = Object.entries(PROCESS_INSTRUMENTS).find(([one]) => one === name)?.[1];
    if (instrument === undefined) continue;
    lines.push(...headOf(instrument, isOpen), sample(suffixed(instrument), [], value));
  }
  if (isOpen) lines.push('# EOF');
  const type = isOpen ? `${OPEN_METRICS}; version=1.0.0; charset=utf-8` : TEXT_TYPE;
  return { type, text: `${lines.join('\n')}\n` };
}

interface Described {
  readonly type: string;
  readonly name: string;
  readonly help: string;
  readonly unit?: string | undefined;
}

function suffixed({ type, name }: Described): string {
  return type === 'counter' ? `${name}_total` : name;
}

/** In OpenMetrics a family of counters is named without the suffix of its samples. */
function headOf(described: Described, isOpen: boolean): readonly string[] {
  const { type, help, unit } = described;
  const name = isOpen ? described.name : suffixed(described);
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
  return isOpen && unit !== undefined ? [...lines, `# UNIT ${name} ${unit}`] : lines;
}

type Label = readonly [name: string, value: string];

/** @param first the index of the first value of the instrument */
function samplesOf(instrument: Instrument, mount: string, values: readonly number[], first: number): readonly string[] {
  const { name } = instrument;
  const common: readonly Label[] = [['mount', mount]];
  const valueAt = (i: number) => values[first + i] ?? 0;
  if (instrument.type === 'counter') {
    const { label } = instrument;
    return Object.keys(instrument.series).map((value, i) =>
      sample(`${name}_total`, label === undefined ? common : [...common, [label, value]], valueAt(i)),
    );
  }
  const bounds = [...instrument.bounds.map(printBound), '+Inf'];
  let count = 0;
  const buckets = bounds.map((bound, i) => {
    count += valueAt(i);
    return sample(`${name}_bucket`, [...common, ['le', bound]], count);
  });
  return [...buckets, sample(`${name}_sum`, common, valueAt(bounds.length)), sample(`${name}_count`, common, count)];
}

/** OpenMetrics prints bounds as floating point numbers. The other format has the same, so that their series are equal. */
function printBound(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function sample(name: string, labels: readonly Label[], value: number): string {
  const printed = labels.map(([label, text]) => `${label}="${escapeLabel(text)}"`).join(',');
  return `${name}${printed === '' ? '' : `{${printed}}`} ${value}`;
}

/** Escapes the characters that end a label or a line. */
function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
