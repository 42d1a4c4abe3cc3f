import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Handles one request. `sent` resolves when the response has ended: true if all of it was handed to the system, else
 * false.
 */
export type RequestWorker = (req: IncomingMessage, res: ServerResponse, sent: Promise<boolean>) => void;

/** Handles the requests of each connection one after the other, in the order in which they arrived. */
export interface RequestQueue {
  /** Handles a request when all responses to earlier requests of its connection have been sent. */
  add(req: IncomingMessage, res: ServerResponse): void;
  /** Whether a request of this connection is in progress. */
  isBusy(socket: Socket): boolean;
  /** Whether a response of this connection has ended, but the system does not have all of its bytes yet. */
  isFlushing(socket: Socket): boolean;
  /** The number of requests in progress. */
  inProgress(): number;
}

/** The most queued requests of one connection; then its socket is paused. Clients that pipeline send some ten. */
const MAX_QUEUED = 16;

/**
 * The most queued requests of all connections. Node parses a whole read of 64 KiB at once, which can be 2,400 requests
 * that take 10 KB of memory each. Above this number, a connection whose own queue is too long is closed.
 */
const MAX_QUEUED_TOTAL = 5_000;

interface Connection {
  readonly queued: (readonly [IncomingMessage, ServerResponse])[];
  /** The response in progress. */
  response: ServerResponse | undefined;
  isPaused: boolean;
  /** Ends the request in progress. `isSent`: whether its response was handed to the system. */
  end: (isSent: boolean) => void;
}

/**
 * Creates the request queue of a server. A client that pipelines has one request in progress at a time, so it uses one
 * storage connection and one slot. A disconnect is detected on the socket, because Node emits no event on a response
 * that is queued behind another.
 *
 * @param work handles a request; if it throws, the connection is closed
 */
export function requestQueue(work: RequestWorker): RequestQueue {
  const connections = new WeakMap<Socket, Connection>();
  let queuedTotal = 0;
  let busy = 0;

  function open(socket: Socket): Connection {
    const connection: Connection = { queued: [], response: undefined, isPaused: false, end: () => undefined };
    connections.set(socket, connection);
    socket.once('close', () => {
      queuedTotal -= connection.queued.length;
      connection.queued.length = 0;
      connection.end(false);
    });
    return connection;
  }

  function begin(connection: Connection, req: IncomingMessage, res: ServerResponse): void {
    connection.response = res;
    busy++;
    const { promise: sent, resolve } = Promise.withResolvers<boolean>();
    connection.end = (isSent) => {
      connection.end = () => undefined;
      connection.response = undefined;
      busy--;
      resolve(isSent);
      if (isSent) beginNext(connection, req.socket);
    };
    res.once('finish', () => connection.end(true));
    try {
      work(req, res, sent);
    } catch (error) {
      req.socket.destroy(error instanceof Error ? error : undefined);
    }
  }

  function beginNext(connection: Connection, socket: Socket): void {
    const next = connection.queued.shift();
    if (next !== undefined) queuedTotal--;
    if (connection.isPaused && connection.queued.length < MAX_QUEUED) {
      connection.isPaused = false;
      socket.resume();
    }
    if (next !== undefined) begin(connection, ...next);
  }

  function enqueue(connection: Connection, req: IncomingMessage, res: ServerResponse): void {
    const { socket } = req;
    connection.queued.push([req, res]);
    queuedTotal++;
    if (connection.queued.length <= MAX_QUEUED) return;
    if (queuedTotal > MAX_QUEUED_TOTAL) {
      socket.destroy();
      return;
    }
    // Node resumes the socket after each message that it has parsed, so it is paused after that.
    process.nextTick(() => {
      if (connection.queued.length <= MAX_QUEUED) return;
      connection.isPaused = true;
      socket.pause();
    });
  }

  return {
    add(req, res) {
      const { socket } = req;
      if (socket.destroyed) return;
      const connection = connections.get(socket) ?? open(socket);
      if (connection.response !== undefined) enqueue(connection, req, res);
      else begin(connection, req, res);
    },
    isBusy: (socket) => connections.get(socket)?.response !== undefined,
    isFlushing: (socket) => connections.get(socket)?.response?.writableEnded === true,
    inProgress: () => busy,
  };
}
