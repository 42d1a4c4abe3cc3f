import { expect } from 'vitest';
import type { DownloadEvent, DownloadStart, Observer, Span } from '../../src/index.ts';

/** An observer that records its events. */
export interface RecordingObserver extends Observer {
  readonly starts: DownloadStart[];
  readonly ends: DownloadEvent[];
}

/** Creates an observer that records all events, or only those of failed requests. */
export function recordingObserver(only?: 'failed'): RecordingObserver {
  const starts: DownloadStart[] = [];
  const ends: DownloadEvent[] = [];
  return { starts, ends, start: (event) => void starts.push(event), end: (event) => void ends.push(event), only };
}

/** Waits for the only event of a request. */
export async function onlyEvent(events: readonly DownloadEvent[]): Promise<DownloadEvent> {
  await expect.poll(() => events).toHaveLength(1);
  const [event] = events;
  if (event === undefined) throw new Error('no event');
  return event;
}

/** The spans of an object in the first bytes of a multipart body, found by reading its text. */
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
