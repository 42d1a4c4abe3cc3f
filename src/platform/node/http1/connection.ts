import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure, type TLSSocket } from 'node:tls';
import { steadyTime } from '../../../base/clock.ts';
import { sendRequest, type Http1ResponseStream, type Http1Answer } from './response-stream.ts';
import { bufferPool } from './buffer-pool.ts';

/** Where a connection goes to. */
export interface Origin {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
}

/** What is asked for on a connection. There is no body. */
export interface Http1Request {
  readonly method: string;
  /** As it goes over the wire, with the empty line. */
  readonly head: string;
  /** Until the head of the answer is there, in ms. */
  readonly timeout: number;
  /** Ends the connection, as long as the answer is under way. */
  readonly signal: AbortSignal | undefined;
}

/** A connection to a storage: one request at a time. */
export interface Connection {
  /** Whether the other side closed it after an answer, and before a byte of the one that was asked for last. */
  readonly isStale: boolean;
  /** When it became idle, in ms of `steadyTime`. */
  readonly idleSince: number;
  /** Rejects with what broke it. */
  ask(request: Http1Request): Promise<Http1Answer>;
  /** Ends it at once. The request that is on it, or its body, is rejected with this cause. */
  destroy(cause: unknown): void;
}

/** How a connection is made, and what it reports. */
export interface ConnectionOptions {
  /** Until it stands, in ms. */
  readonly timeout: number;
  /** Of an earlier connection, to be taken up again. */
  readonly session: Buffer | undefined;
  readonly onSession: (session: Buffer) => void;
  /** An answer has come whole, and another request may be sent. */
  readonly onIdle: (connection: Connection) => void;
  /** Bytes came that belong to no answer. */
  readonly onUnasked: () => void;
  /** It is gone. */
  readonly onClose: (connection: Connection) => void;
}

/** Opens a connection. If it can't be opened, the request that is sent on it is rejected. */
export function openConnection(origin: Origin, options: ConnectionOptions): Connection {
  const pages = bufferPool();
  let room = pages.room();
  let current: Http1ResponseStream | undefined;
  let failure: { readonly cause: unknown } | undefined;
  let isUsed = false;
  let isStale = false;
  let idleSince = 0;

  const onread = {
    buffer: () => (room = pages.room()),
    callback: (count: number) => take(count),
  };
  const socket = open(origin, onread, options);
  const timer = setTimeout(() => fail(late(`no connection after ${options.timeout} ms`)), options.timeout);
  socket.once(origin.isSecure ? 'secureConnect' : 'connect', () => clearTimeout(timer));
  socket.once('end', finish);
  socket.once('error', lose);
  socket.once('close', () => {
    clearTimeout(timer);
    lose(new Error('the connection was closed before the end of the answer'));
    options.onClose(connection);
  });

  function fail(cause: unknown): void {
    failure ??= { cause };
    socket.destroy();
    if (current === undefined) return;
    const ended = current;
    current = undefined;
    ended.fail(cause);
  }

  /** The other side sends no more. An answer that is not over fails when the socket closes, which follows. */
  function finish(): void {
    if (current?.isUntilClose() !== true) return;
    // Node does not tell close_notify from a connection that was cut, so a short body would pass for a whole one: it
    // is incomplete (RFC 9112 §9.8).
    if (origin.isSecure) fail(new Error('the body has no length, and over TLS its end can not be told from a cut'));
    else current.close();
  }

  /** Fails because of the other side. */
  function lose(cause: Error): void {
    isStale ||= isUsed && current?.isBegun() === false;
    fail(cause);
  }

  /** @returns whether more is to be read now */
  function take(count: number): boolean {
    const held = pages.fill(room, count);
    if (current === undefined) {
      held.release();
      options.onUnasked();
      fail(new Error('the storage said something without being asked'));
      return false;
    }
    try {
      return current.feed(held);
    } catch (error) {
      fail(new Error('the storage speaks no HTTP/1.1 that can be understood', { cause: error }));
      return false;
    }
  }

  function rest(isReusable: boolean): void {
    if (!isReusable) return void socket.destroy();
    isUsed = true;
    idleSince = steadyTime();
    // An idle connection does not keep the process.
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
    ask({ method, head, timeout, signal }) {
      return new Promise<Http1Answer>((resolve, reject) => {
        if (failure !== undefined) {
          isStale = isUsed;
          reject(failure.cause);
          return;
        }
        const timeLeft = setTimeout(() => fail(late(`no answer after ${timeout} ms`)), timeout);
        const abort = () => fail(signal?.reason);
        const settle = () => {
          clearTimeout(timeLeft);
          signal?.removeEventListener('abort', abort);
        };
        signal?.addEventListener('abort', abort, { once: true });
        socket.ref();
        current = sendRequest(method, {
          onAnswer(answer) {
            clearTimeout(timeLeft);
            resolve(answer);
          },
          onFail(error) {
            settle();
            reject(error);
          },
          resume: () => void socket.resume(),
          leave: () => fail(new Error('the body was cancelled')),
          onEnd(isReusable, isSurplus) {
            settle();
            current = undefined;
            if (isSurplus) options.onUnasked();
            rest(isReusable && !isSurplus);
          },
        });
        socket.write(head, 'latin1');
      });
    },
    destroy: fail,
  };
  return connection;
}

function late(message: string): Error {
  return new DOMException(message, 'TimeoutError');
}

type OnRead = { readonly buffer: () => Uint8Array; readonly callback: (count: number) => boolean };

function open({ isSecure, host, port }: Origin, onread: OnRead, options: ConnectionOptions): Socket {
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
