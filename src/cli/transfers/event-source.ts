import { setTimeout as sleep } from 'node:timers/promises';
import { eventParser, type ParsedEvent } from '../../http/event-parser.ts';
import { isFinal, type AdminApi } from './admin-api.ts';

/** An event of a stream. */
export interface ReceivedEvent {
  readonly type: string;
  readonly data: unknown;
}

/** A stream that is silent for so long is broken, in ms: the gateway sends a comment every 15 seconds. */
const SILENCE = 45_000;

/** The pause before the stream is opened again, in ms. */
const RETRY = 2_000;

/**
 * Receives the events of a stream, and opens it again with Last-Event-ID when it ends or breaks.
 *
 * @param onEvent called for each event
 * @param onBreak called with the reason when the stream is to be opened again
 * @param signal ends it
 * @throws Error if the gateway refuses
 */
export async function receiveEvents(
  api: AdminApi,
  path: string,
  onEvent: (event: ReceivedEvent) => void,
  onBreak: (reason: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let lastId: string | undefined;
  while (!signal.aborted) {
    try {
      await receiveStream(api, path, lastId, signal, (event, id) => {
        lastId = id;
        onEvent(event);
      });
      onBreak('the gateway has ended the stream');
    } catch (error) {
      if (signal.aborted) return;
      if (isFinal(error)) throw error;
      onBreak(error instanceof Error ? error.message : String(error));
    }
    await sleep(RETRY, undefined, { signal }).catch(() => undefined);
  }
}

async function receiveStream(
  api: AdminApi,
  path: string,
  lastId: string | undefined,
  signal: AbortSignal,
  onEvent: (event: ReceivedEvent, id: string) => void,
): Promise<void> {
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(new Error('the gateway is silent')), SILENCE);
  try {
    const headers = { Accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'Last-Event-ID': lastId }) };
    const response = await api.send(path, { headers, signal: AbortSignal.any([signal, silent.signal]) });
    if (response.headers.get('Content-Type') !== 'text/event-stream') {
      throw new Error('the gateway sends no stream of events');
    }
    const decoder = new TextDecoder();
    const parse = eventParser();
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      for (const event of parse(decoder.decode(chunk, { stream: true }))) readEvent(event, onEvent);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Passes on an event. One whose data are no JSON is ignored. */
function readEvent({ type, id, data }: ParsedEvent, onEvent: (event: ReceivedEvent, id: string) => void): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    return;
  }
  onEvent({ type, data: parsed }, id);
}
