import type { RangeSpec, Span } from '../../src/http/index.ts';
import type { Random } from './random.ts';
import { serve, type S3Answer, type S3Request } from './s3-answer.ts';
import type { StoredObject } from './stored-object.ts';

/**
 * A fault of a storage or of the network to it; counts are in bytes, times in ms.
 *
 * Only faults that a gateway can detect. No intermediary can detect other bytes under the same strong tag in right
 * framing, nor a wrong length of a whole object that no earlier answer contradicts, nor a wrong complete length beside
 * the very bytes that were asked for: a tag and a length are all that it ever learns of an object.
 */
export type Fault =
  /** The connection is reset after so many bytes of the body. */
  | { readonly kind: 'reset'; readonly after: number }
  /** The connection is closed in the regular way, but Content-Length promised more. */
  | { readonly kind: 'early-end'; readonly after: number }
  /** No byte comes any more, and the connection stays. */
  | { readonly kind: 'stall'; readonly after: number }
  | { readonly kind: 'internal-error' }
  | { readonly kind: 'slow-down' }
  /** The first byte takes its time. The only fault after which everything is right. */
  | { readonly kind: 'slow'; readonly wait: number }
  /** The head breaks off after so many bytes. */
  | { readonly kind: 'half-head'; readonly after: number }
  | { readonly kind: 'wrong-content-range'; readonly how: WrongContentRange }
  | { readonly kind: 'wrong-length'; readonly how: WrongLength }
  /** The object is replaced just before: this and all later answers are of the new version. */
  | { readonly kind: 'replaced' }
  /** One answer, whatever the conditions, is of another version and says so; of one with the same length if there is one. */
  | { readonly kind: 'other-version'; readonly index: number }
  /** A 200 with everything for a range. */
  | { readonly kind: 'whole' }
  /** A correct 206, of other bytes than those asked for. */
  | { readonly kind: 'other-span'; readonly range: RangeSpec };

export type FaultKind = Fault['kind'];

/** The bytes are right, and only the field is wrong. `total` is for forms whose bytes depend on the complete length. */
type WrongContentRange = 'shifted' | 'total' | 'reversed' | 'no-total' | 'missing';

/**
 * `omitted`: chunked. `short` and `surplus`: chunked, with fewer or more bytes than Content-Range says, and a clean
 * end. `less`: Content-Length and body agree with each other, and not with Content-Range.
 */
type WrongLength = 'omitted' | 'short' | 'surplus' | 'less';

export const FAULT_KINDS: readonly FaultKind[] = [
  'reset',
  'early-end',
  'stall',
  'internal-error',
  'slow-down',
  'slow',
  'half-head',
  'wrong-content-range',
  'wrong-length',
  'replaced',
  'other-version',
  'whole',
  'other-span',
];

/** Of a request's storage operations, so many meet a fault. */
const PROBABILITY = 0.3;

/** A request, its answer were nothing wrong, and the object. */
export interface Occasion {
  readonly request: S3Request;
  readonly sound: S3Answer;
  readonly object: StoredObject | undefined;
}

/** Draws whether a storage request meets a fault, and which of those that are possible there. */
export function drawFault(draw: Random, occasion: Occasion): Fault | undefined {
  if (!draw.chance(PROBABILITY)) return undefined;
  return draw.pick([...anywhere(draw), ...ofVersions(draw, occasion), ...ofBodies(draw, occasion)]);
}

function anywhere(draw: Random): readonly Fault[] {
  return [
    { kind: 'internal-error' },
    { kind: 'slow-down' },
    { kind: 'slow', wait: draw.int(1, 40) },
    { kind: 'half-head', after: draw.int(1, 150) },
  ];
}

function ofVersions(draw: Random, { object, request, sound }: Occasion): readonly Fault[] {
  if (object === undefined) return [];
  const { versions, current } = object;
  const faults: readonly Fault[] = current + 1 < versions.length ? [{ kind: 'replaced' }] : [];
  const { sent } = sound;
  // A 416 names no version, so another version can not be detected.
  const others = [...versions.entries()].filter(
    ([, other]) => other !== sent?.version && serve(other, request.range).status !== 416,
  );
  if (sent === undefined || others.length === 0) return faults;
  const twins = others.filter(([, { bytes }]) => bytes.length === sent.version.bytes.length);
  const [index] = draw.pick(twins.length > 0 ? twins : others);
  return [...faults, { kind: 'other-version', index }];
}

function ofBodies(draw: Random, { request, sound }: Occasion): readonly Fault[] {
  const { body, sent } = sound;
  if (request.method !== 'GET' || sent === undefined || body.length === 0) return [];
  const after = draw.chance(0.15) ? 0 : draw.int(0, body.length - 1);
  const broken: readonly Fault[] = [
    { kind: 'reset', after },
    { kind: 'early-end', after },
    { kind: 'stall', after },
  ];
  if (sound.status !== 206) return [...broken, { kind: 'wrong-length', how: 'omitted' }];
  const wrongRanges: readonly WrongContentRange[] = ['shifted', 'reversed', 'no-total', 'missing'];
  const dependsOnSize = request.range?.form !== 'bounded';
  const faults: readonly Fault[] = [
    ...broken,
    { kind: 'wrong-content-range', how: draw.pick(dependsOnSize ? [...wrongRanges, 'total' as const] : wrongRanges) },
    { kind: 'wrong-length', how: draw.pick(['short', 'surplus', 'less'] as const) },
    { kind: 'whole' },
  ];
  const range = drawOtherSpan(draw, sent.span, sent.version.bytes.length);
  return range === undefined ? faults : [...faults, { kind: 'other-span', range }];
}

/** Of the same length where there is room for another: no count of bytes gives it away. */
function drawOtherSpan(draw: Random, { start, end }: Span, size: number): RangeSpec | undefined {
  const length = end - start;
  const rooms = size - length;
  if (rooms === 0) return size < 2 ? undefined : { form: 'bounded', start: 1, end };
  const other = (start + draw.int(1, rooms)) % (rooms + 1);
  return { form: 'bounded', start: other, end: other + length };
}
