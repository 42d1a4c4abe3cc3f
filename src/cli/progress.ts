/** Reports how far a transfer of files is. */
export interface Progress {
  /** So many bytes more were transferred. */
  onBytes(count: number): void;
  /** So many bytes need no transfer; they no longer count. */
  onSkip(count: number): void;
  /** One file more is complete. */
  onFile(): void;
  /** Removes the bar. */
  end(): void;
}

/** The part of a terminal that is needed. */
export interface ProgressOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** One report of progress. */
export interface ProgressReport {
  readonly text: string;
  /** The part that is done, from 0 to 1; `undefined` if it is not known. */
  readonly share: number | undefined;
}

/** Prints reports of progress, not more often than they can be read. */
export interface ProgressLine {
  /** Something has changed. */
  update(): void;
  /** Removes the bar. */
  end(): void;
}

/** The shortest time between two reports, in ms: of a bar on a terminal, and of lines elsewhere. */
const BAR_INTERVAL = 200;
const LINE_INTERVAL = 10_000;

const BAR_WIDTH = 24;

/**
 * Reports progress: on a terminal as a bar that is redrawn, elsewhere as a line every ten seconds.
 *
 * @param report makes a report
 * @param report.seconds since the start
 */
export function progressLine(output: ProgressOutput, report: (seconds: number) => ProgressReport): ProgressLine {
  const interval = output.isTTY === true ? BAR_INTERVAL : LINE_INTERVAL;
  const start = Date.now();
  let last = start;
  return {
    update() {
      const now = Date.now();
      if (now - last < interval) return;
      last = now;
      const { text, share } = report((now - start) / 1000);
      if (output.isTTY !== true) return void output.write(`rangeway: ${text}\n`);
      const filled = Math.round(Math.min(1, share ?? 0) * BAR_WIDTH);
      const bar = share === undefined ? '' : `[${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}] `;
      output.write(`\r\x1b[K${`rangeway: ${bar}${text}`.slice(0, (output.columns ?? 80) - 1)}`);
    },
    end() {
      if (output.isTTY === true && last > start) output.write('\r\x1b[K');
    },
  };
}

/**
 * Reports the progress of a transfer of files.
 *
 * @param files to transfer
 * @param total of their bytes
 */
export function progress(output: ProgressOutput, label: string, files: number, total: number): Progress {
  let bytes = 0;
  let skipped = 0;
  let finished = 0;
  const line = progressLine(output, (seconds) => {
    const rate = bytes / seconds;
    const due = Math.max(bytes, total - skipped);
    const left = rate === 0 ? '' : `, ${formatSeconds((due - bytes) / rate)} left`;
    const amount = `${formatBytes(bytes)} of ${formatBytes(due)}, ${finished} of ${plural(files, 'file')}`;
    return { text: `${label} ${amount}, ${formatBytes(rate)}/s${left}`, share: due === 0 ? 1 : bytes / due };
  });
  return {
    onBytes(count) {
      bytes += count;
      line.update();
    },
    onSkip: (count) => void (skipped += count),
    onFile: () => void finished++,
    end: () => line.end(),
  };
}

/** Prints a number of bytes for people: `64.0 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? Math.round(bytes) : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** Prints a number with its noun: `1 file`, `2 files`. */
export function plural(count: number, noun: string, several = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : several}`;
}

/** Prints a duration for people: `36 s`, `2 min 5 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
