import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure, type TLSSocket } from 'node:tls';
import { steadyTime } from '../../../base/clock.ts';
import { responseStream, type Http1Response, type Http1ResponseStream } from './response-stream.ts';
import { bufferPool, type SpareBuffers } from './buffer-pool.ts';

/** The address of a server: scheme, host and port. */
export interface Origin {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
}

/** A request without a body. */
export interface Http1Request {
  readonly method: string;
  /** The bytes of the head as Latin-1 text, with the empty line at its end. */
  readonly head: string;
  /** Until the head of the response is received, in ms. */
  readonly timeout: number;
  /** Aborting it while the response is in progress closes the connection. */
  readonly signal: AbortSignal | undefined;
}

/** A connection to an origin. It carries one request at a time. */
export interface Connection {
  /**
   * Whether the origin closed the connection after a complete response, and before any byte of the response to the last
   * request.
   */
  readonly isStale: boolean;
  /** When the connection became idle, in ms of `steadyTime`. */
  readonly idleSince: number;
  /** Sends a request. Rejects with the cause if the connection fails. */
  send(request: Http1Request): Promise<Http1Response>;
  /** Closes the connection at once. Its request, or the body of the response, is rejected with this cause. */
  destroy(cause: unknown): void;
}

/** How the bytes of a body are buffered. */
export interface Buffering {
  /** Of each of the three buffers that a connection has at the most, in bytes, at least 16 KiB. By default 128 KiB. */
  readonly bufferSize?: number | undefined;
  /**
   * The bytes of a body after which the connection receives no more before they are read. By default those of a single
   * read of the socket.
   */
  readonly readAhead?: number | undefined;
}

/** How a connection is opened, and its events. */
export interface ConnectionOptions extends Buffering {
  /** Until the connection is open, TLS included, in ms. */
  readonly timeout: number;
  /** The TLS session of an earlier connection, to be resumed. */
  readonly session: Buffer | undefined;
  /** Buffers of connections that were closed. */
  readonly spares: SpareBuffers;
  readonly onSession: (session: Buffer) => void;
  /** A response is complete, and another request may be sent. */
  readonly onIdle: (connection: Connection) => void;
  /** Bytes were received that belong to no response. */
  readonly onUnsolicited: () => void;
  /** The connection is closed. */
  readonly onClose: (connection: Connection) => void;
}

/**
 * Opens a connection and returns it at once. If it can't be opened, the request that is sent on it is rejected.
 *
 * @param origin to connect to; TLS is used if `isSecure`
 */
export function openConnection(origin: Origin, options: ConnectionOptions): Connection {
  const buffers = bufferPool(options.bufferSize, options.spares);
  let space = buffers.reserve();
  let current: Http1ResponseStream | undefined;
  let failure: { readonly cause: unknown } | undefined;
  let isUsed = false;
  let isStale = false;
  let idleSince = 0;
  let isPaused = false;

  const onread = {
    buffer: () => (space = buffers.reserve()),
    callback(count: number) {
      const mayReadOn = receive(count);
      isPaused ||= !mayReadOn;
      return mayReadOn;
    },
  };
  const socket = openSocket(origin, onread, options);
  const timer = setTimeout(() => fail(timeoutError(`no connection after ${options.timeout} ms`)), options.timeout);
  socket.once(origin.isSecure ? 'secureConnect' : 'connect', () => clearTimeout(timer));
  socket.once('end', onRemoteEnd);
  socket.once('error', onRemoteFailure);
  socket.once('close', () => {
    clearTimeout(timer);
    onRemoteFailure(new Error('the connection was closed before the end of the answer'));
    buffers.close();
    options.onClose(connection);
  });

  function fail(cause: unknown): void {
    failure ??= { cause };
    socket.destroy();
    if (current === undefined) return;
    const failed = current;
    current = undefined;
    failed.fail(cause);
  }

  /** The origin sends no more. An incomplete response fails when the socket closes, which follows. */
  function onRemoteEnd(): void {
    if (current?.isUntilClose() !== true) return;
    // Node reports a connection that was cut in the same way as TLS's close_notify, so a truncated body would pass for
    // a complete one. It counts as incomplete (RFC 9112 §9.8).
    if (origin.isSecure) fail(new Error('the body has no length, and over TLS its end can not be told from a cut'));
    else current.close();
  }

  /** The origin, or the network, closed the connection. */
  function onRemoteFailure(cause: Error): void {
    isStale ||= isUsed && current?.isBegun() === false;
    fail(cause);
  }

  /** @returns whether the socket may read on */
  function receive(count: number): boolean {
    const received = buffers.commit(space, count);
    if (current === undefined) {
      received.release();
      options.onUnsolicited();
      fail(new Error('the storage said something without being asked'));
      return false;
    }
    try {
      return current.feed(received);
    } catch (error) {
      fail(new Error('the storage speaks no HTTP/1.1 that can be understood', { cause: error }));
      return false;
    }
  }

  function resume(): void {
    isPaused = false;
    socket.resume();
  }

  function becomeIdle(isReusable: boolean): void {
    if (!isReusable) return void socket.destroy();
    // TLS passes all records that it has received, so the end of a body may follow the pause.
    if (isPaused) resume();
    isUsed = true;
    idleSince = steadyTime();
    // An idle connection does not keep the process running.
    socket.unref();
    options.onIdle(connection);
  }

  const connection: Connection = {
    get isStale() {
      return isStale;
    },
    get idleSince() {
      return idleSince;
    },
    send({ method, head, timeout, signal }) {
      return new Promise<Http1Response>((resolve, reject) => {
        if (failure !== undefined) {
          isStale = isUsed;
          reject(failure.cause);
          return;
        }
        const headTimer = setTimeout(() => fail(timeoutError(`no answer after ${timeout} ms`)), timeout);
        const abort = () => fail(signal?.reason);
        const settle = () => {
          clearTimeout(headTimer);
          signal?.removeEventListener('abort', abort);
        };
        signal?.addEventListener('abort', abort, { once: true });
        socket.ref();
        current = responseStream(method, options.readAhead ?? 0, {
          onResponse(response) {
            clearTimeout(headTimer);
            resolve(response);
          },
          onFail(error) {
            settle();
            reject(error);
          },
          onDrain: resume,
          onCancel: () => fail(new Error('the body was cancelled')),
          onEnd(isReusable, isSurplus) {
            settle();
            current = undefined;
            if (isSurplus) options.onUnsolicited();
            becomeIdle(isReusable && !isSurplus);
          },
        });
        // The signal may have fired while the request waited for its connection.
        if (signal?.aborted === true) abort();
        else socket.write(head, 'latin1');
      });
    },
    destroy: fail,
  };
  return connection;
}

function timeoutError(message: string): Error {
  return new DOMException(message, 'TimeoutError');
}

type OnRead = { readonly buffer: () => Uint8Array; readonly callback: (count: number) => boolean };

function openSocket({ isSecure, host, port }: Origin, onread: OnRead, options: ConnectionOptions): Socket {
  const common = { host, port, onread, noDelay: true, keepAlive: true, keepAliveInitialDelay: 1_000 };
  if (!isSecure) return connectPlain(common);
  const secure: TLSSocket = connectSecure({
    ...common,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(options.session === undefined ? {} : { session: options.session }),
    ALPNProtocols: ['http/1.1'],
  });
  secure.on('session', options.onSession);
  return secure;
}
