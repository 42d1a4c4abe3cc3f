import { connect, type Socket } from 'node:net';
import { responseReader, type ResponseHead, type ResponseListener } from './response-reader.ts';

/** A response, as far as the load generator looks at it. */
export interface LoadResponse {
  /** 0 if no head was received. */
  readonly status: number;
  /** Length of the body, in bytes. */
  readonly bytes: number;
  /** Time from the request to the first byte of the body, in ms. */
  readonly firstByte: number;
  /** The first {@link PREFIX_LENGTH} bytes of the body, or all of a shorter one. */
  readonly prefix: Buffer;
  /** Whether the response was read to its end. */
  readonly complete: boolean;
}

/** A client's connection, which is opened again after the server has closed it. */
export interface Connection {
  /** Resolves when the connection is established. */
  open(): Promise<void>;
  /**
   * Sends a request; one at a time. A response with another status than `status` is not read to its end, because it may
   * be endless. Never rejects.
   */
  request(head: string, status: number): Promise<LoadResponse>;
  /** Closes the connection at once, with the request in progress. */
  close(): void;
}

/** Bytes of each body that are compared. */
const PREFIX_LENGTH = 16;

/** Bytes that are read from the system at once. */
const READ_SIZE = 512 * 1024;

interface PendingRequest {
  readonly status: number;
  readonly sent: number;
  readonly resolve: (response: LoadResponse) => void;
  head: ResponseHead | undefined;
  bytes: number;
  firstByte: number;
  prefix: Buffer;
}

/**
 * Makes a client on a bare socket. It reads into one buffer and stores no body.
 *
 * @param pace bytes per second that it reads; by default as fast as it can
 */
export function connectionTo(port: number, pace = Number.POSITIVE_INFINITY): Connection {
  const buffer = Buffer.allocUnsafe(READ_SIZE);
  let socket: Socket | undefined;
  let pending: PendingRequest | undefined;

  const settle = (complete: boolean) => {
    if (pending === undefined) return;
    const { head, bytes, firstByte, prefix, sent, resolve } = pending;
    pending = undefined;
    if (head?.closes === true) socket?.destroy();
    const elapsed = performance.now() - sent;
    resolve({ status: head?.status ?? 0, bytes, firstByte: bytes > 0 ? firstByte : elapsed, prefix, complete });
  };

  const listener: ResponseListener = {
    onHead(head) {
      if (pending === undefined) return;
      pending.head = head;
      if (head.status === pending.status) return;
      socket?.destroy();
      settle(false);
    },
    onBytes(bytes) {
      if (pending === undefined) return;
      if (pending.bytes === 0) pending.firstByte = performance.now() - pending.sent;
      if (pending.prefix.length < PREFIX_LENGTH)
        pending.prefix = Buffer.concat([pending.prefix, bytes.subarray(0, PREFIX_LENGTH - pending.prefix.length)]);
      pending.bytes += bytes.length;
    },
    onEnd: () => settle(true),
  };
  let read = responseReader(listener);

  /** Returns false to pause the socket, until the pace allows more bytes. */
  const onRead = (count: number): boolean => {
    read(buffer.subarray(0, count));
    if (pending === undefined || pace === Number.POSITIVE_INFINITY) return true;
    const wait = (pending.bytes / pace) * 1000 - (performance.now() - pending.sent);
    if (wait < 1) return true;
    setTimeout(() => socket?.resume(), wait);
    return false;
  };

  const open = () =>
    new Promise<void>((resolve, reject) => {
      const opened = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback: onRead } });
      socket = opened;
      // A new reader: the previous connection may have ended inside a response.
      read = responseReader(listener);
      opened.once('connect', resolve);
      opened.once('error', reject);
      opened.once('close', () => {
        if (socket === opened) socket = undefined;
        settle(false);
      });
    });

  return {
    open,
    async request(head, status) {
      if (socket === undefined || socket.destroyed) await open().catch(() => undefined);
      return new Promise<LoadResponse>((resolve) => {
        pending = {
          status,
          sent: performance.now(),
          resolve,
          head: undefined,
          bytes: 0,
          firstByte: 0,
          prefix: Buffer.alloc(0),
        };
        if (socket === undefined) settle(false);
        else socket.write(head, 'latin1');
      });
    },
    close: () => void socket?.destroy(),
  };
}
