/** Reports how far a transfer of files is. */
export interface Progress {
  /** So many bytes more were transferred. */
  onBytes(count: number): void;
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

/** The shortest time between two reports, in ms: of a bar on a terminal, and of lines elsewhere. */
const BAR_INTERVAL = 200;
const LINE_INTERVAL = 10_000;

const BAR_WIDTH = 24;

/**
 * Reports progress: on a terminal as a bar that is redrawn, elsewhere as a line every ten seconds.
 *
 * @param files to transfer
 * @param total of their bytes
 */
export function progress(output: ProgressOutput, label: string, files: number, total: number): Progress {
  const interval = output.isTTY === true ? BAR_INTERVAL : LINE_INTERVAL;
  const start = Date.now();
  let last = start;
  let bytes = 0;
  let finished = 0;

  function draw(now: number): void {
    const seconds = (now - start) / 1000;
    const rate = bytes / seconds;
    const left = rate === 0 ? '' : `, ${formatSeconds((total - bytes) / rate)} left`;
    const amount = `${formatBytes(bytes)} of ${formatBytes(total)}, ${finished} of ${plural(files, 'file')}`;
    const text = `${label} ${amount}, ${formatBytes(rate)}/s${left}`;
    if (output.isTTY !== true) return void output.write(`rangeway: ${text}\n`);
    const filled = total === 0 ? BAR_WIDTH : Math.round((bytes / total) * BAR_WIDTH);
    const bar = `[${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}]`;
    output.write(`\r\x1b[K${`rangeway: ${bar} ${text}`.slice(0, (output.columns ?? 80) - 1)}`);
  }

  return {
    onBytes(count) {
      bytes += count;
      const now = Date.now();
      if (now - last < interval) return;
      last = now;
      draw(now);
    },
    onFile: () => void finished++,
    end() {
      if (output.isTTY === true && last > start) output.write('\r\x1b[K');
    },
  };
}

/** Prints a number of bytes for people: `64.0 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? Math.round(bytes) : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** Prints a number with its noun: `1 file`, `2 files`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Prints a duration for people: `2 min 5 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
