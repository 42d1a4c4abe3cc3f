import { eventParser } from '../../http/event-parser.ts';
import { watchedTransfers, type ListedTransfer, type WatchedTransfers } from '../../client/watched-transfers.ts';
import type { ApiFailure, GatewayApi } from './gateway-api.ts';

/** The state of a list of transfers that is kept up to date. */
export interface LiveState {
  /** `hidden`: the tab is not seen, so nothing is asked for. `refused`: the gateway refuses, for good. */
  readonly connection: 'connecting' | 'live' | 'hidden' | 'broken' | 'refused';
  /** The newest first; `undefined` before the first answer. */
  readonly transfers: readonly ListedTransfer[] | undefined;
  /** Why the gateway can't be asked, or refuses. */
  readonly failure: ApiFailure | undefined;
}

/** A list of transfers that is kept up to date. */
export interface LiveTransfers {
  readonly state: () => LiveState;
  /** Returns bytes a second; `undefined` while it is not known. */
  readonly rate: (id: string) => number | undefined;
  /** @returns a function that ends it */
  subscribe(listener: () => void): () => void;
  close(): void;
}

/** The pause before the stream is opened again, in ms. */
const RETRY = 2_000;

/** The time between two requests for a list on a platform that has no streams, in ms. */
const POLL = 5_000;

/** A stream that is silent for so long is broken, in ms: the gateway sends a comment every 15 seconds. */
const SILENCE = 45_000;

/** How long a rate is shown after the last change of a transfer, in ms. */
const RATE_AGE = 10_000;

/**
 * Follows the newest transfers of a list, through a stream of events. EventSource sends no Authorization field, so the
 * stream is read from a response. It ends while the tab is hidden, and goes on with Last-Event-ID.
 *
 * @param query of the list, without a cursor
 */
export function liveTransfers(api: GatewayApi, query: URLSearchParams): LiveTransfers {
  const closed = new AbortController();
  const list = watchedTransfers(() => performance.now(), RATE_AGE);
  const listeners = new Set<() => void>();
  let state: LiveState = { connection: 'connecting', transfers: undefined, failure: undefined };
  let lastId = '';

  function set(change: Partial<LiveState>): void {
    if (closed.signal.aborted) return;
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  }

  /** Reads one stream to its end. @returns the pause before the next one in ms, or why the gateway refuses */
  async function follow(): Promise<number | ApiFailure> {
    const watch = abortWhenHiddenOrSilent(closed.signal);
    try {
      const headers = { Accept: 'text/event-stream', ...(lastId === '' ? {} : { 'Last-Event-ID': lastId }) };
      const opened = await api.open(`transfers?${query}`, { headers, signal: watch.signal });
      if (opened.type === 'failed') return opened;
      set({ connection: 'live', failure: undefined });
      const { value: response } = opened;
      if (response.headers.get('Content-Type') !== 'text/event-stream') {
        apply(list, 'transfers', await response.text());
        set({ transfers: list.list() });
        return POLL;
      }
      const parse = eventParser();
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done = true, value = '' } = (await reader?.read()) ?? {};
        if (done) return RETRY;
        watch.restart();
        const events = parse(value);
        for (const { type, data, id } of events) {
          apply(list, type, data);
          lastId = id;
        }
        if (events.length > 0) set({ transfers: list.list() });
      }
    } catch {
      return RETRY;
    } finally {
      watch.end();
    }
  }

  async function run(): Promise<void> {
    while (!closed.signal.aborted) {
      if (document.hidden) {
        set({ connection: 'hidden' });
        await visible(closed.signal);
        continue;
      }
      if (state.connection !== 'live') set({ connection: 'connecting' });
      const ended = await follow();
      if (document.hidden || closed.signal.aborted) continue;
      if (typeof ended === 'number' && ended === POLL) {
        await pause(POLL, closed.signal);
        continue;
      }
      const failure = typeof ended === 'number' ? undefined : ended;
      const isFinal = failure?.status !== undefined && failure.status < 500;
      set({ connection: isFinal ? 'refused' : 'broken', failure });
      if (isFinal) return;
      await pause(RETRY, closed.signal);
    }
  }

  void run();
  return {
    state: () => state,
    rate: (id) => list.rate(id),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => closed.abort(),
  };
}

/** Data that are no JSON are ignored. */
function apply(list: WatchedTransfers, type: string, data: string): void {
  try {
    list.apply(type, JSON.parse(data));
  } catch {
    // Another event follows.
  }
}

function abortWhenHiddenOrSilent(closed: AbortSignal) {
  const aborted = new AbortController();
  const onChange = () => document.hidden && aborted.abort();
  document.addEventListener('visibilitychange', onChange);
  const start = () => setTimeout(() => aborted.abort(), SILENCE);
  let timer = start();
  return {
    signal: AbortSignal.any([closed, aborted.signal]),
    restart() {
      clearTimeout(timer);
      timer = start();
    },
    end() {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onChange);
      aborted.abort();
    },
  };
}

/** Waits until the tab is seen, or the signal is aborted. */
function visible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener('visibilitychange', check);
      signal.removeEventListener('abort', check);
      resolve();
    };
    document.addEventListener('visibilitychange', check);
    signal.addEventListener('abort', check);
    check();
  });
}

/** Waits so many ms, or until the tab is hidden or the signal is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    document.addEventListener('visibilitychange', end);
    signal.addEventListener('abort', end);
  });
}
