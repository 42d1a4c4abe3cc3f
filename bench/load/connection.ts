import { connect, type Socket } from 'node:net';
import { responseReader, type ResponseHead, type ResponseListener } from './response-reader.ts';

/** What became of one request. */
export interface Answer {
  readonly status: number;
  readonly bytes: number;
  /** In ms after the request. */
  readonly firstByte: number;
  /** The body's first bytes, {@link KEPT} at the most. */
  readonly beginning: Buffer;
  /** Whether it came to its end. */
  readonly whole: boolean;
}

/** A client's connection, that is opened again where the server has closed it. */
export interface Connection {
  /** Resolves when it stands. */
  open(): Promise<void>;
  /** One at a time. An answer of another status than this one is not read on: it may be endless. Never rejects. */
  request(head: string, status: number): Promise<Answer>;
  /** Ends it at once, and the request that runs. */
  close(): void;
}

/** Bytes of each body that are looked at. */
const KEPT = 16;

/** Bytes taken from the system at once. */
const READ = 512 * 1024;

interface Pending {
  readonly status: number;
  readonly sent: number;
  readonly settle: (answer: Answer) => void;
  head: ResponseHead | undefined;
  bytes: number;
  firstByte: number;
  beginning: Buffer;
}

/**
 * A client on a bare socket, into one buffer: no body is ever held.
 *
 * @param pace bytes a second that it takes; by default as many as come
 */
export function connectionTo(port: number, pace = Number.POSITIVE_INFINITY): Connection {
  const buffer = Buffer.allocUnsafe(READ);
  let socket: Socket | undefined;
  let pending: Pending | undefined;

  const settle = (whole: boolean) => {
    if (pending === undefined) return;
    const { head, bytes, firstByte, beginning, sent } = pending;
    const done = pending.settle;
    pending = undefined;
    if (head?.closes === true) socket?.destroy();
    const none = performance.now() - sent;
    done({ status: head?.status ?? 0, bytes, firstByte: bytes > 0 ? firstByte : none, beginning, whole });
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
      if (pending.beginning.length < KEPT)
        pending.beginning = Buffer.concat([pending.beginning, bytes.subarray(0, KEPT - pending.beginning.length)]);
      pending.bytes += bytes.length;
    },
    onEnd: () => settle(true),
  };
  let read = responseReader(listener);

  const take = (count: number): boolean => {
    read(buffer.subarray(0, count));
    if (pending === undefined || pace === Number.POSITIVE_INFINITY) return true;
    const wait = (pending.bytes / pace) * 1000 - (performance.now() - pending.sent);
    if (wait < 1) return true;
    setTimeout(() => socket?.resume(), wait);
    return false;
  };

  const open = () =>
    new Promise<void>((resolve, reject) => {
      const opened = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback: take } });
      socket = opened;
      // What an earlier connection broke off in the middle of is over.
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
      return new Promise<Answer>((resolve) => {
        pending = {
          status,
          sent: performance.now(),
          settle: resolve,
          head: undefined,
          bytes: 0,
          firstByte: 0,
          beginning: Buffer.alloc(0),
        };
        if (socket === undefined) settle(false);
        else socket.write(head, 'latin1');
      });
    },
    close: () => void socket?.destroy(),
  };
}
