import type { DownloadEvent, DownloadStart, Observer } from '../../src/index.ts';

/** An observer that keeps the events that it is given. */
export interface Watcher extends Observer {
  readonly starts: DownloadStart[];
  readonly ends: DownloadEvent[];
}

/** Makes an observer that keeps all events, or those of failed requests alone. */
export function watcher(only?: 'failed'): Watcher {
  const starts: DownloadStart[] = [];
  const ends: DownloadEvent[] = [];
  return { starts, ends, start: (event) => void starts.push(event), end: (event) => void ends.push(event), only };
}
