import { steadyTime } from '../../../base/clock.ts';
import { openConnection, type Connection, type Origin, type Http1Request } from './connection.ts';
import type { Http1Answer } from './response-stream.ts';

/** Connections to one origin, used again. */
export interface Connections {
  /** Those that a request is on. */
  readonly inUse: number;
  /**
   * Sends a request on a connection that is idle, or a new one. Where an idle one was closed by the storage in that
   * very moment, it is sent once more: requests here only read (RFC 9112 §9.3.1).
   */
  ask(request: Http1Request): Promise<Http1Answer>;
  /** Ends those that are idle, and the others when their answers have come. */
  close(): void;
}

/** What connections hold to. */
export interface ConnectionsOptions {
  /** At once. Further requests wait. */
  readonly most: number;
  /** Until a connection stands, in ms. */
  readonly connectTimeout: number;
}

/** Kept for later at the most: each has its memory. */
const MOST_IDLE = 64;

/** Kept for so long, in ms: storages, and what is between, forget connections that are silent for longer. */
const IDLE_TIMEOUT = 30_000;

/**
 * When an origin has said something that it was not asked for, each of its connections takes one request, for so long,
 * in ms: what it says next could come between a request and its answer, and pass for the answer.
 */
const DISTRUST = 600_000;

/** Makes them as they are needed. */
export function connectionsTo(origin: Origin, { most, connectTimeout }: ConnectionsOptions): Connections {
  const open = new Set<Connection>();
  /** In the order in which they became idle. */
  const idle: { readonly connection: Connection; readonly isQuiet: () => boolean }[] = [];
  const waiting: (() => void)[] = [];
  let session: Buffer | undefined;
  let isClosed = false;
  let unaskedAt = Number.NEGATIVE_INFINITY;

  function connect(): Connection {
    const connection = openConnection(origin, {
      timeout: connectTimeout,
      session,
      onSession: (next) => {
        session = next;
      },
      onIdle(one) {
        if (isClosed) one.destroy(closed());
        else if (steadyTime() - unaskedAt < DISTRUST) one.destroy(distrusted());
        else if (idle.length >= MOST_IDLE) one.destroy(new Error('enough connections are idle'));
        else idle.push({ connection: one, isQuiet: quietFromNow() });
        waiting.shift()?.();
      },
      onUnasked() {
        unaskedAt = steadyTime();
        for (const other of idle.splice(0)) other.connection.destroy(distrusted());
      },
      onClose(one) {
        open.delete(one);
        const at = idle.findIndex(({ connection: other }) => other === one);
        if (at >= 0) idle.splice(at, 1);
        waiting.shift()?.();
      },
    });
    open.add(connection);
    return connection;
  }

  /** Of those that are quiet the one that was used last: those before it may come to their end. */
  function takeIdle(): Connection | undefined {
    const at = idle.findLastIndex(({ isQuiet }) => isQuiet());
    const found = idle[at];
    if (found === undefined) return undefined;
    const { connection } = found;
    if (steadyTime() - connection.idleSince < IDLE_TIMEOUT) {
      idle.splice(at, 1);
      return connection;
    }
    // All those before it are idle for longer.
    for (const old of idle.splice(0, at + 1)) old.connection.destroy(new Error('it was idle for too long'));
    return undefined;
  }

  async function take(signal: AbortSignal | undefined): Promise<Connection> {
    for (;;) {
      // A request that was woken and is given up passes its turn on.
      if (signal?.aborted === true) waiting.shift()?.();
      signal?.throwIfAborted();
      const connection = takeIdle() ?? (open.size < most ? connect() : undefined);
      if (connection !== undefined) return connection;
      // Where all that there are have just become idle, none of them wakes those that wait.
      if (idle.length > 0) setTimeout(() => waiting.shift()?.(), QUIET + 1);
      await turn(waiting, signal);
    }
  }

  return {
    get inUse() {
      return open.size - idle.length;
    },
    async ask(request) {
      const connection = await take(request.signal);
      try {
        return await connection.ask(request);
      } catch (error) {
        if (!connection.isStale || request.signal?.aborted === true) throw error;
        return connect().ask(request);
      }
    },
    close() {
      isClosed = true;
      for (const { connection } of idle.splice(0)) connection.destroy(closed());
    },
  };
}

/**
 * Tells whether a connection has had nothing more to say since now: the bytes of an answer to no request would be read
 * as the answer to the next one. The event loop has to have looked for bytes in a whole turn, or at least in so many ms
 * of one: it would have found them, since bytes wake it. To force a turn after each answer takes a tenth of a small
 * request.
 */
function quietFromNow(): () => boolean {
  const since = turns;
  const at = steadyTime();
  countTurn();
  return () => turns >= since + 2 || (turns > since && steadyTime() - at > QUIET);
}

/** In ms. */
const QUIET = 1;

/** Turns of the event loop in which a connection became idle, counted when all sockets have been read. */
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

/** Waits for its turn, or until the signal fires. */
function turn(waiting: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      signal?.removeEventListener('abort', leave);
      resolve();
    };
    const leave = () => {
      waiting.splice(waiting.indexOf(settle), 1);
      reject(signal?.reason);
    };
    waiting.push(settle);
    signal?.addEventListener('abort', leave, { once: true });
  });
}
