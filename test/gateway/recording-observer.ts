import { expect } from 'vitest';
import type { DownloadEvent, DownloadStart, Observer, Span } from '../../src/index.ts';

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

/** The one event of a request, when it has come. */
export async function onlyEvent(events: readonly DownloadEvent[]): Promise<DownloadEvent> {
  await expect.poll(() => events).toHaveLength(1);
  const [event] = events;
  if (event === undefined) throw new Error('no event');
  return event;
}

/** What of a multipart body was in its first bytes, by a reading of its text. */
export function spansIn(bytes: Uint8Array): readonly Span[] {
  const text = Buffer.from(bytes).toString('latin1');
  return [...text.matchAll(/Content-Range: bytes (\d+)-(\d+)\/\d+\r\n\r\n/g)].flatMap(
    ({ index, 0: head, 1: from, 2: to }) => {
      const start = Number(from);
      const end = Math.min(Number(to) + 1, start + text.length - index - head.length);
      return end > start ? [{ start, end }] : [];
    },
  );
}
