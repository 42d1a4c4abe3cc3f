import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Answers one request. `sent` tells how the answer's way to the client ended, whatever has been done about it. */
export type RequestWorker = (req: IncomingMessage, res: ServerResponse, sent: Promise<boolean>) => void;

/** Works on the requests of each connection one after the other, in the order in which they came. */
export interface RequestQueue {
  /** For the event `request`: works on it now, or when the requests before it on its connection are answered. */
  take(req: IncomingMessage, res: ServerResponse): void;
  /** Whether a request of this connection is being worked on. */
  isBusy(socket: Socket): boolean;
}

/** Requests that wait on one connection before it is read no further. Clients that pipeline send some ten. */
const READ_ON_UNTIL = 16;

/**
 * Requests that wait on all connections together. Node parses at once what one read brings, 64 KiB, which can be 2,400
 * requests of 10 KB each; a connection with more than its share of them is ended when there are so many.
 */
const MAX_WAITING = 5_000;

interface Connection {
  readonly waiting: (readonly [IncomingMessage, ServerResponse])[];
  isBusy: boolean;
  isPaused: boolean;
  /** Ends the request that is worked on: whether its answer was sent. */
  end: (isSent: boolean) => void;
}

/**
 * Makes the turns of a server. A client that pipelines its requests has one in work at a time, so that it takes one
 * storage connection and one slot; a client that leaves is noticed by its connection, since Node gives a response that
 * is queued behind another none of its events.
 *
 * @param work what it throws ends the connection
 */
export function requestQueue(work: RequestWorker): RequestQueue {
  const connections = new WeakMap<Socket, Connection>();
  let waitingInAll = 0;

  function open(socket: Socket): Connection {
    const connection: Connection = { waiting: [], isBusy: false, isPaused: false, end: () => undefined };
    connections.set(socket, connection);
    socket.once('close', () => {
      waitingInAll -= connection.waiting.length;
      connection.waiting.length = 0;
      connection.end(false);
    });
    return connection;
  }

  function begin(connection: Connection, req: IncomingMessage, res: ServerResponse): void {
    connection.isBusy = true;
    const { promise: sent, resolve } = Promise.withResolvers<boolean>();
    connection.end = (isSent) => {
      connection.end = () => undefined;
      connection.isBusy = false;
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
    const next = connection.waiting.shift();
    if (next !== undefined) waitingInAll--;
    if (connection.isPaused && connection.waiting.length < READ_ON_UNTIL) {
      connection.isPaused = false;
      socket.resume();
    }
    if (next !== undefined) begin(connection, ...next);
  }

  function wait(connection: Connection, req: IncomingMessage, res: ServerResponse): void {
    const { socket } = req;
    connection.waiting.push([req, res]);
    waitingInAll++;
    if (connection.waiting.length <= READ_ON_UNTIL) return;
    if (waitingInAll > MAX_WAITING) {
      socket.destroy();
      return;
    }
    // Node resumes the socket after each message that it has parsed, so the pause comes after that.
    process.nextTick(() => {
      if (connection.waiting.length <= READ_ON_UNTIL) return;
      connection.isPaused = true;
      socket.pause();
    });
  }

  return {
    take(req, res) {
      const { socket } = req;
      if (socket.destroyed) return;
      const connection = connections.get(socket) ?? open(socket);
      if (connection.isBusy) wait(connection, req, res);
      else begin(connection, req, res);
    },
    isBusy: (socket) => connections.get(socket)?.isBusy === true,
  };
}
