import { steadyTime } from '../base/clock.ts';
import { chunkStream } from '../store/chunk-stream.ts';
import type { TransferOutcome } from './download/body-pipe.ts';
import type { Reply } from './reply.ts';

/** An event of a stream (HTML, "Server-sent events"). */
export interface ServerEvent {
  readonly type: string;
  /** Sent back as Last-Event-ID by a client that connects again. Without control characters. */
  readonly id: string;
  readonly data: object;
}

/** The next event; `unchanged` if there is none yet, `ended` if there will be none. */
export type NextEvent = ServerEvent | 'unchanged' | 'ended';

/** The content type of a stream of events. */
const EVENT_STREAM = 'text/event-stream';

/** The time between two looks for changes, in ms. */
const INTERVAL = 1_000;

/** After so many ms without an event a comment is sent, so that proxies and the server notice a client that has left. */
const HEARTBEAT = 15_000;

/** How long a client waits before it connects again, in ms. */
const RETRY = 2_000;

/** Whether an Accept field names the type of event streams. */
export function acceptsEventStream(accept: string | null): boolean {
  return accept !== null && /(?:^|,)\s*text\/event-stream\s*(?:;|,|$)/i.test(accept);
}

/**
 * Makes a reply that lasts until its client leaves, an event at most every second. The next event is asked for when the
 * client has taken the one before, so nothing is buffered for a slow client.
 *
 * @param first sent at once
 * @param next finds changes. After an error of it the stream goes on, and it is asked again
 * @param stopping ends the stream, as the server does when it stops
 * @param signal breaks the stream off, as a client does that leaves
 */
export function eventStreamReply(
  first: NextEvent,
  next: () => Promise<NextEvent>,
  stopping: AbortSignal | undefined,
  signal: AbortSignal,
): Reply {
  const { promise: done, resolve } = Promise.withResolvers<TransferOutcome>();
  const ended = new AbortController();
  let bytesSent = 0;
  let sentAt = steadyTime();
  let pending: NextEvent | undefined = first;

  function end(outcome: 'complete' | 'aborted'): void {
    ended.abort();
    stopping?.removeEventListener('abort', onStop);
    signal.removeEventListener('abort', onLeave);
    resolve({ outcome, bytesSent, bytesRead: 0 });
  }
  const onStop = () => end('complete');
  const onLeave = () => end('aborted');
  stopping?.addEventListener('abort', onStop);
  signal.addEventListener('abort', onLeave);
  if (stopping?.aborted === true) onStop();
  if (signal.aborted) onLeave();

  /** Waits for the next text to send; `undefined` at the end. */
  async function nextText(): Promise<string | undefined> {
    if (pending !== undefined) {
      const text = `retry: ${RETRY}\n\n${typeof pending === 'string' ? '' : printEvent(pending)}`;
      pending = undefined;
      return text;
    }
    for (;;) {
      await pause(INTERVAL, ended.signal);
      if (ended.signal.aborted) return undefined;
      const event = await next().catch(() => 'unchanged' as const);
      if (event === 'ended') return undefined;
      if (event !== 'unchanged') return printEvent(event);
      if (steadyTime() - sentAt >= HEARTBEAT) return ':\n\n';
    }
  }

  const body = chunkStream({
    async read() {
      const text = ended.signal.aborted ? undefined : await nextText();
      if (text === undefined) {
        end('complete');
        return undefined;
      }
      const bytes = new TextEncoder().encode(text);
      bytesSent += bytes.length;
      sentAt = steadyTime();
      return bytes;
    },
    cancel: async () => end('aborted'),
  });
  const fields = [
    ['Content-Type', EVENT_STREAM],
    ['Cache-Control', 'no-store'],
    ['X-Content-Type-Options', 'nosniff'],
    // nginx would collect events.
    ['X-Accel-Buffering', 'no'],
  ] as const;
  return { status: 200, fields, body, pipe: { done, abandon: () => end('aborted') } };
}

/** JSON has no line breaks, which would end the data. */
function printEvent({ type, id, data }: ServerEvent): string {
  return `event: ${type}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Waits so many ms, or until the signal is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
