import { contentRange, printHttpDate, toSeconds } from '../../src/http/index.ts';
import type { Fault, Occasion } from './fault.ts';
import { answer, s3Error, serve, type S3Answer } from './s3-answer.ts';
import { versionAt } from './stored-object.ts';

/** The bytes on the wire, and the end of the connection. */
export interface Transmission {
  /** Before the first byte, in ms. */
  readonly wait: number;
  readonly head: string;
  readonly body: readonly Uint8Array[];
  readonly ending: 'keep' | 'end' | 'reset' | 'stall';
}

/** The answer as it should be sent. */
export function sound(method: string, { status, fields, body }: S3Answer): Transmission {
  const isBodiless = status === 304;
  const framing = isBodiless ? {} : { 'Content-Length': String(body.length) };
  return {
    wait: 0,
    head: printHead(status, { ...fields, ...framing }),
    body: method === 'HEAD' || isBodiless ? [] : [body],
    ending: 'keep',
  };
}

/** The answer as it is sent instead. `replaced` is the one fault that lasts: it moves the object on. */
export function spoil(fault: Fault, occasion: Occasion): Transmission {
  const { request, object } = occasion;
  const { method } = request;
  const right = sound(method, occasion.sound);
  switch (fault.kind) {
    case 'reset':
      return cut(right, fault.after, 'reset');
    case 'early-end':
      return cut(right, fault.after, 'end');
    case 'stall':
      return cut(right, fault.after, 'stall');
    case 'internal-error':
      return sound(method, s3Error(500, 'InternalError'));
    case 'slow-down':
      return sound(method, s3Error(503, 'SlowDown'));
    case 'slow':
      return { ...right, wait: fault.wait };
    case 'half-head':
      // Short of the empty line, even where the head has fewer bytes.
      return {
        ...right,
        head: right.head.slice(0, Math.min(fault.after, right.head.length - 3)),
        body: [],
        ending: 'end',
      };
    case 'wrong-content-range':
      return sound(method, withWrongRange(occasion.sound, fault.how));
    case 'wrong-length':
      return withWrongLength(occasion.sound, fault.how);
    case 'replaced':
      if (object !== undefined) object.current++;
      return sound(method, answer(request, object));
    case 'other-version':
      return sound(
        method,
        object === undefined ? occasion.sound : serve(versionAt(object, fault.index), request.range),
      );
    case 'whole':
      return sound(method, answer({ ...request, range: undefined }, object));
    case 'other-span':
      return sound(method, answer({ ...request, range: fault.range }, object));
  }
}

/** Breaks a body off after so many bytes. */
function cut(right: Transmission, after: number, ending: 'end' | 'reset' | 'stall'): Transmission {
  return { ...right, body: right.body.map((bytes) => bytes.subarray(0, after)), ending };
}

function withWrongRange(right: S3Answer, how: Extract<Fault, { kind: 'wrong-content-range' }>['how']): S3Answer {
  const { sent } = right;
  const { 'Content-Range': _, ...others } = right.fields;
  if (sent === undefined || how === 'missing') return { ...right, fields: others };
  const size = sent.version.bytes.length;
  const { start, end } = sent.span;
  const by = start > 0 ? -1 : 1;
  const value = {
    shifted: contentRange({ start: start + by, end: end + by }, size),
    total: contentRange(sent.span, size + 1),
    reversed: `bytes ${end}-${start}/${size}`,
    'no-total': `bytes ${start}-${end - 1}/*`,
  }[how];
  return { ...right, fields: { ...others, 'Content-Range': value } };
}

function withWrongLength(
  { status, fields, body }: S3Answer,
  how: Extract<Fault, { kind: 'wrong-length' }>['how'],
): Transmission {
  const less = body.subarray(0, body.length - 1 - Math.floor(body.length / 3));
  const chunked = (bytes: Uint8Array): Transmission => ({
    wait: 0,
    head: printHead(status, { ...fields, 'Transfer-Encoding': 'chunked' }),
    body: toChunks(bytes),
    ending: 'keep',
  });
  switch (how) {
    case 'omitted':
      return chunked(body);
    case 'short':
      return chunked(less);
    case 'surplus':
      return chunked(Buffer.concat([body, Buffer.from('surplus')]));
    case 'less':
      return sound('GET', { status, fields, body: less });
  }
}

function toChunks(bytes: Uint8Array): readonly Uint8Array[] {
  // A chunk of no bytes would be the last one.
  const chunk = bytes.length === 0 ? [] : [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')];
  return [...chunk, Buffer.from('0\r\n\r\n')];
}

function printHead(status: number, fields: Readonly<Record<string, string>>): string {
  const all = { Date: printHttpDate(toSeconds(new Date())), 'x-amz-request-id': 'FAULTS', ...fields };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`;
}
