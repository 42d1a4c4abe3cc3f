import type { DownloadProgress, DownloadResult } from '../../client/index.ts';
import { formatBytes, formatSeconds, plural, type ProgressOutput } from '../progress.ts';
import { printable } from '../../platform/node/line-log.ts';

/** Reports a download to the user. */
export interface Report {
  /** The name of the file is known. */
  onName(name: string): void;
  onProgress(progress: DownloadProgress): void;
  onDone(result: DownloadResult): void;
  /** @param next what to do, such as a command to continue */
  onFailure(code: string, message: string, next: string | undefined): void;
  /** Something that is no failure. */
  onNote(message: string): void;
}

/** The shortest time between two reports, in ms: of a bar on a terminal, and of lines elsewhere. */
const BAR_INTERVAL = 200;
const LINE_INTERVAL = 10_000;
const JSON_INTERVAL = 1_000;
const BAR_WIDTH = 20;

/** The time over which the rate is measured, in ms. */
const RATE_WINDOW = 5_000;

/** Makes a function that computes the rate of the last seconds, in bytes a second. */
function rateMeter(): (received: number) => number {
  const samples: { readonly at: number; readonly received: number }[] = [];
  return (received) => {
    const at = performance.now();
    samples.push({ at, received });
    while (samples.length > 2 && at - (samples[0]?.at ?? at) > RATE_WINDOW) samples.shift();
    const [oldest] = samples;
    if (oldest === undefined || at === oldest.at) return 0;
    return ((received - oldest.received) / (at - oldest.at)) * 1000;
  };
}

/** Reports for people: a bar on a terminal, else a line every ten seconds, and a summary. */
export function textReport(output: ProgressOutput, url: string): Report {
  const start = performance.now();
  const measure = rateMeter();
  let name = url;
  let last = start;
  let restarts = 0;
  let failures = 0;
  let hasBar = false;

  function line(text: string): void {
    if (hasBar) output.write('\r\x1b[K');
    hasBar = false;
    output.write(`rangeway: ${printable(text)}\n`);
  }

  return {
    onName(known) {
      name = known;
    },
    onProgress(progress) {
      const rate = measure(progress.received);
      if (progress.restarts > restarts) {
        restarts = progress.restarts;
        line(`${name}: it can't be continued, or has changed on the server; it begins again`);
      }
      // One failure in a row is nothing to worry about.
      if (progress.failures > failures && progress.failures > 1) line(`${name}: ${progress.lastFailure}; trying again`);
      failures = progress.failures;
      const now = performance.now();
      if (now - last < (output.isTTY === true ? BAR_INTERVAL : LINE_INTERVAL)) return;
      last = now;
      const text = describe(progress, rate);
      if (output.isTTY !== true) return line(`${name}: ${text}`);
      const bar = printable(`${drawBar(progress)} ${name} ${text}`);
      output.write(`\r\x1b[K${bar.slice(0, (output.columns ?? 80) - 1)}`);
      hasBar = true;
    },
    onDone({ size, received, verification }) {
      const seconds = (performance.now() - start) / 1000;
      const rate = `${formatBytes(received / seconds)}/s`;
      const verified = {
        digest: () => (verification.type === 'digest' ? `${verification.algorithm} verified` : ''),
        pieces: () => 'all pieces verified',
        none: () => (verification.type === 'none' ? `not verified: ${verification.reason}` : ''),
      }[verification.type]();
      line(`${name}: ${formatBytes(size)} in ${seconds.toFixed(1)} s, ${rate}; ${verified}`);
    },
    onFailure(_, message, next) {
      line(`${name}: ${message}${next === undefined ? '' : `; ${next}`}`);
    },
    onNote: (message) => line(`${name}: ${message}`),
  };
}

function describe({ phase, size, written, connections, verified }: DownloadProgress, rate: number): string {
  if (phase === 'verifying') return 'verifying';
  const total = size === undefined ? '' : ` of ${formatBytes(size)}`;
  const left = size === undefined || rate === 0 ? '' : `, ${formatSeconds((size - written) / rate)} left`;
  const checked = verified === 0 ? '' : `, ${formatBytes(verified)} verified`;
  return `${formatBytes(written)}${total}, ${formatBytes(rate)}/s${left}, ${plural(connections, 'connection')}${checked}`;
}

function drawBar({ size, written }: DownloadProgress): string {
  const part = size === undefined || size === 0 ? 0 : written / size;
  const filled = Math.round(part * BAR_WIDTH);
  return `[${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}] ${Math.floor(part * 100)} %`;
}

/** Reports for programs: one object a line. `type` is `name`, `progress`, `done`, `note` or `error`. */
export function jsonReport(output: { write(text: string): unknown }, url: string): Report {
  let last = 0;
  const print = (event: object) => void output.write(`${JSON.stringify({ url, ...event })}\n`);
  return {
    onName: (name) => print({ type: 'name', name }),
    onProgress(progress) {
      const now = performance.now();
      if (now - last < JSON_INTERVAL) return;
      last = now;
      print({ type: 'progress', ...progress });
    },
    onDone: (result) => print({ type: 'done', ...result }),
    onFailure: (code, message, next) => print({ type: 'error', code, message, next }),
    onNote: (message) => print({ type: 'note', message }),
  };
}

/** Reports failures alone. */
export function quietReport(output: ProgressOutput, url: string): Report {
  return { ...textReport(output, url), onProgress: ignore, onDone: ignore, onNote: ignore };
}

function ignore(): void {}
