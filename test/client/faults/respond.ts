import { gzipSync } from 'node:zlib';
import { PIECES_TYPE } from '../../../src/digests/piece-index.ts';
import { currentVersion, drawFault, type ObjectVersion, type ResponseFault, type Scene } from './scene.ts';

/** A request as it was received; field names in lower case. */
export interface ReceivedRequest {
  readonly path: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** A response to be sent. */
export interface Transmission {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** How the body's end is told. */
  readonly framing: 'length' | 'chunked' | 'close';
  /** The value of Content-Length, if it is not the length of the body. */
  readonly length?: number;
  /** After so many bytes of the body, its `end` follows. */
  readonly cut?: { readonly at: number; readonly end: 'reset' | 'stall' | 'close' };
  /** Bytes a ms. */
  readonly pace: number;
}

/** Answers a request for the object of a scene, with its faults. `undefined`: the connection is reset. */
export function respond(scene: Scene, request: ReceivedRequest): Transmission | undefined {
  const version = currentVersion(scene);
  const fault = drawFault(scene);
  scene.responses++;
  if (fault !== undefined) scene.met.add(fault);
  for (const one of scene.faults) if (!isOfResponse(one)) scene.met.add(one);
  if (fault === 'reset') return undefined;
  const refused = refuse(scene, request, fault);
  if (refused !== undefined) return refused;
  return transmit(scene, version, decide(scene, version, request, fault), fault);
}

function isOfResponse(fault: string): boolean {
  return ![
    'always-200',
    'no-if-range',
    'no-if-match',
    'weak-tags',
    'no-validators',
    'dates',
    'unframed',
    'redirects',
    'connection-limit',
    'changes',
    'changes-back',
    'same-tag-other-size',
  ].includes(fault);
}

function refuse(scene: Scene, { path }: ReceivedRequest, fault: ResponseFault | undefined): Transmission | undefined {
  const { draw, pace } = scene;
  const empty = { body: new Uint8Array(), framing: 'length', pace } as const;
  if (fault === '5xx') return { ...empty, status: draw.pick([500, 502, 503, 504]), fields: {} };
  if (fault === '429') return { ...empty, status: 429, fields: { 'Retry-After': '0' } };
  if (scene.faults.has('connection-limit') && scene.open > 2) return { ...empty, status: 503, fields: {} };
  if (!scene.faults.has('redirects')) return undefined;
  const [, expiry] = /\?until=(\d+)$/.exec(path) ?? [];
  if (expiry === undefined) {
    const until = scene.responses + draw.int(1, 4);
    return { ...empty, status: draw.pick([302, 307]), fields: { Location: `${path}?until=${until}` } };
  }
  return scene.responses > Number(expiry) ? { ...empty, status: 403, fields: {} } : undefined;
}

/** What the conditions and the range lead to: 200, 206, 412 or 416. */
function decide(scene: Scene, version: ObjectVersion, { fields }: ReceivedRequest, fault: ResponseFault | undefined) {
  const { faults } = scene;
  const size = version.bytes.length;
  const whole = { status: 200, start: 0, end: size };
  if (
    !faults.has('no-if-match') &&
    !matches(scene, version, fields.get('if-match'), fields.get('if-unmodified-since'))
  ) {
    return { ...whole, status: 412 };
  }
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(fields.get('range') ?? '') ?? [];
  if (first === undefined || faults.has('always-200') || faults.has('unframed') || fault === 'range-dropped')
    return whole;
  const ifRange = fields.get('if-range');
  if (ifRange !== undefined && !faults.has('no-if-range') && !matches(scene, version, ifRange, ifRange)) return whole;
  const start = Number(first);
  if (start >= size) return { ...whole, status: 416 };
  return { status: 206, start, end: last === '' ? size : Math.min(size, Number(last) + 1) };
}

function matches(scene: Scene, version: ObjectVersion, tag: string | undefined, date: string | undefined): boolean {
  if (scene.faults.has('dates')) return date === undefined || date === version.modified.toUTCString();
  return tag === undefined || tag === tagOf(scene, version);
}

function tagOf(scene: Scene, { tag }: ObjectVersion): string {
  return scene.faults.has('weak-tags') ? `W/${tag}` : tag;
}

type Decision = ReturnType<typeof decide>;

function transmit(
  scene: Scene,
  version: ObjectVersion,
  { status, start, end }: Decision,
  fault: ResponseFault | undefined,
): Transmission {
  const { draw, pace } = scene;
  const { bytes } = version;
  const size = bytes.length;
  const fields = {
    ...validators(scene, version, fault),
    ...(scene.hasDigest ? { 'Repr-Digest': version.digest } : {}),
    ...(scene.hasPieces ? { Link: `<pieces>; rel="describedby"; type="${PIECES_TYPE}"` } : {}),
  };
  const empty = { body: new Uint8Array(), framing: 'length', pace } as const;
  if (status === 412) return { ...empty, status, fields: {} };
  if (status === 416) return { ...empty, status, fields: { ...fields, 'Content-Range': `bytes */${size}` } };
  if (status === 200) return withBody(scene, { status, fields, body: bytes, framing: 'length', pace }, fault);
  const range = (from: number, to: number, total = size) => ({ 'Content-Range': `bytes ${from}-${to - 1}/${total}` });
  const partial = (from: number, to: number, more: Readonly<Record<string, string>>): Transmission =>
    withBody(
      scene,
      { status, fields: { ...fields, ...more }, body: bytes.slice(from, to), framing: 'length', pace },
      fault,
    );
  switch (fault) {
    case 'shifted': {
      const from = Math.min(end - 1, start + draw.int(1, 100));
      return partial(from, end, range(from, end));
    }
    case 'longer': {
      const to = Math.min(size, end + draw.int(1, 1_000));
      return partial(start, to, range(start, to));
    }
    case 'shorter': {
      const to = draw.int(start + 1, end);
      return partial(start, to, range(start, to));
    }
    case 'no-content-range':
      return partial(start, end, {});
    case 'wrong-total':
      return partial(start, end, range(start, end, size + draw.int(1, 1_000)));
    default:
      return partial(start, end, range(start, end));
  }
}

function validators(
  scene: Scene,
  version: ObjectVersion,
  fault: ResponseFault | undefined,
): Readonly<Record<string, string>> {
  if (scene.faults.has('no-validators') || fault === 'no-etag') return {};
  const dates = { 'Last-Modified': version.modified.toUTCString(), Date: new Date().toUTCString() };
  return scene.faults.has('dates') ? dates : { ...dates, ETag: tagOf(scene, version) };
}

/** Adds the faults of bodies. */
function withBody(scene: Scene, response: Transmission, fault: ResponseFault | undefined): Transmission {
  const { draw } = scene;
  const { body, status } = response;
  const somewhere = () => draw.int(0, Math.max(0, body.length - 1));
  switch (fault) {
    case 'break':
      return { ...response, cut: { at: somewhere(), end: scene.resetsOnly ? 'reset' : draw.pick(['reset', 'close']) } };
    case 'stall':
      return { ...response, cut: { at: somewhere(), end: 'stall' } };
    case 'trickle':
      return { ...response, pace: 20 };
    case 'short-body':
      return {
        ...response,
        length: body.length + draw.int(1, 1_000),
        cut: { at: body.length, end: scene.resetsOnly ? 'reset' : 'close' },
      };
    case 'longer-body':
      if (status !== 206) return response;
      return { ...response, framing: 'chunked', body: Buffer.concat([body, Buffer.alloc(draw.int(1, 1_000))]) };
    case 'corrupt': {
      const corrupt = Uint8Array.from(body);
      const at = somewhere();
      if (corrupt.length > 0) corrupt[at] = (corrupt[at] ?? 0) ^ 1;
      return { ...response, body: corrupt };
    }
    case 'coded': {
      const { ETag: tag, ...others } = response.fields;
      const coded = {
        ...others,
        'Content-Encoding': 'gzip',
        ...(tag === undefined ? {} : { ETag: tag.replace(/^(?!W)/, 'W/') }),
      };
      return { ...response, fields: coded, body: gzipSync(body), framing: 'chunked' };
    }
    default:
      if (!scene.faults.has('unframed') || status !== 200 || scene.resetsOnly) return response;
      return {
        ...response,
        framing: 'close',
        ...(draw.chance(0.5) ? { cut: { at: somewhere(), end: 'close' } } : {}),
      };
  }
}
