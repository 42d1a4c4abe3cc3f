import { createHash } from 'node:crypto';
import { drawBytes, random, type Random } from '../../faults/random.ts';

/** Faults of one response; each is met with a probability. */
export const RESPONSE_FAULTS = [
  'break',
  'stall',
  'reset',
  'trickle',
  'shifted',
  'longer',
  'longer-body',
  'shorter',
  'short-body',
  'no-content-range',
  'wrong-total',
  'range-dropped',
  'no-etag',
  '5xx',
  '429',
  'coded',
  'corrupt',
] as const;

/** Faults of a server, which it has all the time. */
export const SERVER_FAULTS = [
  'always-200',
  'no-if-range',
  'no-if-match',
  'weak-tags',
  'no-validators',
  'dates',
  'unframed',
  'redirects',
  'connection-limit',
] as const;

/** Changes of the object. */
export const CHANGES = ['changes', 'changes-back', 'same-tag-other-size'] as const;

export type ResponseFault = (typeof RESPONSE_FAULTS)[number];
export type ServerFault = (typeof SERVER_FAULTS)[number];
export type Change = (typeof CHANGES)[number];
export type Fault = ResponseFault | ServerFault | Change;
export const FAULTS: readonly Fault[] = [...RESPONSE_FAULTS, ...SERVER_FAULTS, ...CHANGES];

/** A version of the object. */
export interface ObjectVersion {
  readonly bytes: Uint8Array;
  readonly tag: string;
  readonly modified: Date;
  /** The value of Repr-Digest. */
  readonly digest: string;
}

/** A server with one object and its faults, drawn from a seed. */
export interface Scene {
  readonly seed: number;
  readonly faults: ReadonlySet<Fault>;
  /** How likely a response has one of its faults. */
  readonly probability: number;
  /** In the order in which the object has them; the last one stays. */
  readonly versions: readonly ObjectVersion[];
  /** The number of responses after which the next version is there. */
  readonly changeAfter: number;
  readonly hasDigest: boolean;
  /** Whether the server announces a piece index. It is sent without faults. */
  readonly hasPieces: boolean;
  /** Bytes a ms of each connection. */
  readonly pace: number;
  /** Responses until a fault can be met no more, so that most schedules end well. */
  readonly faultyResponses: number;
  /** Aborts the download at these times, in ms after its start, and begins it again with its journal. */
  readonly interruptions: readonly number[];
  readonly draw: Random;
  /** Whether a body that is cut ends with a reset, and never as if it were complete. */
  readonly resetsOnly: boolean;
  /** Its state. */
  responses: number;
  open: number;
  met: Set<Fault>;
  /** Bytes of bodies that were sent. */
  sent: number;
}

/** Faults that do harm only beside others: a server that ignores conditions, if the object changes during a break. */
const COMPANIONS: Partial<Readonly<Record<Fault, readonly Fault[]>>> = {
  changes: ['break'],
  'changes-back': ['break'],
  'same-tag-other-size': ['break'],
  'no-if-range': ['no-if-match', 'changes', 'break'],
  'no-if-match': ['no-if-range', 'changes-back', 'break'],
  'weak-tags': ['changes', 'break'],
  'no-validators': ['changes', 'break'],
  dates: ['changes', 'break'],
  redirects: ['break'],
};

function drawFaults(seed: number, draw: Random): ReadonlySet<Fault> {
  const alone = FAULTS[Math.floor(seed / 2) % FAULTS.length] ?? 'break';
  const drawn = seed % 2 === 0 ? [alone] : Array.from({ length: draw.int(1, 4) }, () => draw.pick(FAULTS));
  const faults = new Set<Fault>(drawn);
  for (const fault of drawn) for (const companion of COMPANIONS[fault] ?? []) faults.add(companion);
  return faults;
}

/** Draws a scene. Every second has one fault, each in its turn, with its companions; the others have up to four. */
export function drawScene(seed: number, resetsOnly = false): Scene {
  const draw = random(seed);
  const faults = drawFaults(seed, draw);
  const size = draw.pick([
    draw.int(0, 5_000),
    draw.int(5_000, 200_000),
    draw.int(5_000, 200_000),
    draw.int(100_000, 600_000),
  ]);
  return {
    seed,
    faults,
    probability: draw.pick([0.2, 0.5, 0.9]),
    versions: drawVersions(draw, faults, size),
    changeAfter: draw.int(1, 4),
    hasDigest: draw.chance(0.25),
    pace: draw.pick([100, 500, 5_000]),
    faultyResponses: draw.pick([3, 10, 1_000]),
    hasPieces: draw.chance(0.3),
    interruptions: draw.chance(0.4) ? [draw.int(1, 300), draw.int(1, 600)] : [],
    draw,
    resetsOnly,
    responses: 0,
    open: 0,
    met: new Set(),
    sent: 0,
  };
}

/** Makes a scene without faults: versions of an object, each for `changeAfter` responses, at a pace in bytes a ms. */
export function plainScene(seed: number, contents: readonly Uint8Array[], pace: number, changeAfter = 1): Scene {
  const scene = drawScene(seed);
  const versions = Array.from(contents, (bytes) =>
    toVersion(bytes, `"${createHash('sha1').update(bytes).digest('hex')}"`, 0),
  );
  const sure = { probability: 0, hasDigest: false, hasPieces: false, interruptions: [], faults: new Set<Fault>() };
  return { ...scene, ...sure, versions, changeAfter, pace };
}

function drawVersions(draw: Random, faults: ReadonlySet<Fault>, size: number): readonly ObjectVersion[] {
  const first = toVersion(drawBytes(draw, size), `"${draw.int(1, 1_000_000)}"`, 0);
  if (faults.has('same-tag-other-size')) {
    return [
      first,
      { ...toVersion(drawBytes(draw, size + draw.int(1, 5_000)), first.tag, 0), modified: first.modified },
    ];
  }
  if (!faults.has('changes') && !faults.has('changes-back')) return [first];
  const other = toVersion(
    drawBytes(draw, draw.chance(0.8) ? size : draw.int(0, 600_000)),
    `"${draw.int(1, 1_000_000)}b"`,
    1,
  );
  return faults.has('changes-back') ? [first, other, first] : [first, other];
}

function toVersion(bytes: Uint8Array, tag: string, days: number): ObjectVersion {
  const digest = `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
  return { bytes, tag, modified: new Date(Date.UTC(2026, 0, 1 + days)), digest };
}

/** The version that the object has now. */
export function currentVersion({ versions, responses, changeAfter }: Scene): ObjectVersion {
  const index = Math.min(versions.length - 1, Math.floor(responses / changeAfter));
  const version = versions[index];
  if (version === undefined) throw new Error('a scene has versions');
  return version;
}

/** Draws whether a response has a fault of the scene, and which. */
export function drawFault(scene: Scene): ResponseFault | undefined {
  const { draw, probability, responses, faultyResponses } = scene;
  const own = RESPONSE_FAULTS.filter((one) => scene.faults.has(one));
  if (own.length === 0 || responses > faultyResponses || !draw.chance(probability)) return undefined;
  return draw.pick(own);
}
