import { steadyTime } from '../../../base/clock.ts';
import { openConnection, type Buffering, type Connection, type Origin, type Http1Request } from './connection.ts';
import type { SpareBuffers } from './buffer-pool.ts';
import type { Http1Response } from './response-stream.ts';

/** A pool of connections to one origin. */
export interface Connections {
  /** How many connections have a request or a body in progress. */
  readonly inUse: number;
  /**
   * Sends a request on an idle connection, or on a new one. If the origin closed the idle connection at that moment,
   * the request is sent once more: every request here only reads, so it is idempotent (RFC 9112 §9.3.1).
   */
  send(request: Http1Request): Promise<Http1Response>;
  /** Closes idle connections at once, and each other one when its response is complete. */
  close(): void;
}

/** The limits of a connection pool. */
export interface ConnectionsOptions extends Buffering {
  /** Connections at once. Further requests wait. */
  readonly max: number;
  /** Until a connection is open, in ms. */
  readonly connectTimeout: number;
}

/** The maximum of idle connections: each has buffers. */
const MAX_IDLE = 64;

/**
 * How long a connection stays idle, in ms. Storages, and NATs and load balancers in between, drop one that is silent
 * for longer.
 */
const IDLE_TIMEOUT = 30_000;

/**
 * After an origin has sent bytes that belong to no response, each of its connections carries one request only, for this
 * many ms: more such bytes could arrive between a request and its response, and be taken for the response.
 */
const DISTRUST = 600_000;

/**
 * Creates a connection pool. Connections are opened as requests need them.
 *
 * @param origin that all connections go to
 */
export function connectionsTo(origin: Origin, { max, connectTimeout, ...buffering }: ConnectionsOptions): Connections {
  const open = new Set<Connection>();
  /** In the order in which they became idle. */
  const idle: { readonly connection: Connection; readonly isQuiet: () => boolean }[] = [];
  /** Requests that wait for a connection: functions that wake them. */
  const waiters: (() => void)[] = [];
  const spares: SpareBuffers = [];
  let session: Buffer | undefined;
  let isClosed = false;
  let unsolicitedAt = Number.NEGATIVE_INFINITY;

  function connect(): Connection {
    const connection = openConnection(origin, {
      ...buffering,
      timeout: connectTimeout,
      session,
      spares,
      onSession: (next) => {
        session = next;
      },
      onIdle(ready) {
        if (isClosed) ready.destroy(closed());
        else if (steadyTime() - unsolicitedAt < DISTRUST) ready.destroy(distrusted());
        else if (idle.length >= MAX_IDLE) ready.destroy(new Error('enough connections are idle'));
        else idle.push({ connection: ready, isQuiet: quietFromNow() });
        waiters.shift()?.();
      },
      onUnsolicited() {
        unsolicitedAt = steadyTime();
        for (const other of idle.splice(0)) other.connection.destroy(distrusted());
      },
      onClose(ended) {
        open.delete(ended);
        const index = idle.findIndex(({ connection: other }) => other === ended);
        if (index >= 0) idle.splice(index, 1);
        waiters.shift()?.();
      },
    });
    open.add(connection);
    return connection;
  }

  /** Takes the quiet connection that was used last, so that the others reach the idle timeout. */
  function takeIdle(): Connection | undefined {
    const index = idle.findLastIndex(({ isQuiet }) => isQuiet());
    const entry = idle[index];
    if (entry === undefined) return undefined;
    const { connection } = entry;
    if (steadyTime() - connection.idleSince < IDLE_TIMEOUT) {
      idle.splice(index, 1);
      return connection;
    }
    // All connections before it have been idle for longer.
    for (const old of idle.splice(0, index + 1)) old.connection.destroy(new Error('it was idle for too long'));
    return undefined;
  }

  async function acquire(signal: AbortSignal | undefined): Promise<Connection> {
    for (;;) {
      // An aborted request that was woken wakes the next one.
      if (signal?.aborted === true) waiters.shift()?.();
      signal?.throwIfAborted();
      const connection = takeIdle() ?? (open.size < max ? connect() : undefined);
      if (connection !== undefined) return connection;
      // If the idle connections are not quiet yet, no event of theirs will wake a waiting request.
      if (idle.length > 0) setTimeout(() => waiters.shift()?.(), QUIET + 1);
      await waitTurn(waiters, signal);
    }
  }

  return {
    get inUse() {
      return open.size - idle.length;
    },
    async send(request) {
      const connection = await acquire(request.signal);
      try {
        return await connection.send(request);
      } catch (error) {
        if (!connection.isStale || request.signal?.aborted === true) throw error;
        return connect().send(request);
      }
    },
    close() {
      isClosed = true;
      for (const { connection } of idle.splice(0)) connection.destroy(closed());
    },
  };
}

/**
 * Creates a check whether a connection has been silent since now. Bytes that belong to no response would otherwise be
 * read as the response to the next request. The event loop must have polled the sockets once more: a whole turn has
 * passed, or {@link QUIET} ms within one (received bytes wake it, so it would have seen them). To force a turn after
 * each response would take a tenth of the time of a small request.
 */
function quietFromNow(): () => boolean {
  const startTurn = turns;
  const startTime = steadyTime();
  countTurn();
  return () => turns >= startTurn + 2 || (turns > startTurn && steadyTime() - startTime > QUIET);
}

/** How long a connection must be silent before it is reused, in ms. */
const QUIET = 1;

/** How many turns of the event loop had a connection that became idle. Each is counted after all sockets were read. */
let turns = 0;
let isCounting = false;

function countTurn(): void {
  if (isCounting) return;
  isCounting = true;
  setImmediate(() => {
    turns++;
    isCounting = false;
  });
}

function distrusted(): Error {
  return new Error('the origin says what it is not asked for');
}

function closed(): Error {
  return new Error('connections are closed');
}

/** Waits until another request wakes this one. Rejects with the signal's reason if it is aborted before. */
function waitTurn(waiters: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    };
    const abort = () => {
      waiters.splice(waiters.indexOf(wake), 1);
      reject(signal?.reason);
    };
    waiters.push(wake);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
