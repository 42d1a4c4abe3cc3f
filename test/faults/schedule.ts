import type { RangeSpec } from '../../src/http/index.ts';
import { drawBytes, random, type Random } from './random.ts';
import { makeVersion, type StoredObject, type Version } from './stored-object.ts';

/** The version that a header field of a client names: the current one, another one, or an unknown date. */
export type Validator = 'current tag' | 'old tag' | 'current date';

/** A request of a client. Its validators become values when its turn comes. */
export interface Download {
  readonly method: 'GET' | 'HEAD';
  /** Index of the object; `undefined` asks for one that is not there. */
  readonly object: number | undefined;
  /** None is a request without Range. */
  readonly range: readonly RangeSpec[];
  readonly ifRange?: Validator;
  readonly ifMatch?: Validator;
  readonly ifNoneMatch?: Validator;
}

/** A bucket, and what clients ask of it one after the other. All of it follows from the seed. */
export interface Schedule {
  readonly seed: number;
  readonly objects: readonly StoredObject[];
  readonly downloads: readonly Download[];
}

const MOST_OBJECTS = 3;
const MOST_VERSIONS = 4;
const DOWNLOADS = 4;
const LARGEST = 300_000;

export function makeSchedule(seed: number): Schedule {
  const draw = random(seed);
  const objects = repeat(draw.int(1, MOST_OBJECTS), () => drawObject(draw));
  const downloads = repeat(DOWNLOADS, () => drawDownload(draw, objects));
  return { seed, objects, downloads };
}

function drawObject(draw: Random): StoredObject {
  const isPersistent = draw.chance(0.4);
  const versions: Version[] = [];
  for (const day of repeat(draw.chance(0.4) ? 1 : draw.int(2, MOST_VERSIONS), (i) => i)) {
    const before = versions.at(-1);
    // Of the same length: the one kind of new version that no length gives away.
    const size = before !== undefined && draw.chance(0.5) ? before.bytes.length : drawSize(draw);
    versions.push(makeVersion(drawBytes(draw, size), day, isPersistent));
  }
  return { versions, current: 0 };
}

function drawSize(draw: Random): number {
  if (draw.chance(0.08)) return 0;
  if (draw.chance(0.12)) return draw.int(1, 100);
  return draw.chance(0.5) ? draw.int(101, 65_536) : draw.int(65_537, LARGEST);
}

function drawDownload(draw: Random, objects: readonly StoredObject[]): Download {
  if (draw.chance(0.02)) return { method: 'GET', object: undefined, range: [] };
  const object = draw.int(0, objects.length - 1);
  const size = objects[object]?.versions[0]?.bytes.length ?? 0;
  if (draw.chance(0.08)) return { method: 'HEAD', object, range: [] };
  if (draw.chance(0.25)) return { method: 'GET', object, range: [], ...drawPrecondition(draw) };
  const range = draw.chance(0.5) ? [drawSpec(draw, size)] : drawSeveral(draw, size);
  const ifRange = draw.pick([undefined, 'current tag', 'old tag', 'current date'] as const);
  return { method: 'GET', object, range, ...(ifRange !== undefined && { ifRange }), ...drawPrecondition(draw) };
}

function drawPrecondition(draw: Random): Pick<Download, 'ifMatch' | 'ifNoneMatch'> {
  if (!draw.chance(0.2)) return {};
  const validator = draw.pick(['current tag', 'old tag'] as const);
  return draw.chance(0.5) ? { ifMatch: validator } : { ifNoneMatch: validator };
}

/** Each form, mostly inside the object, sometimes past its end. */
function drawSpec(draw: Random, size: number): RangeSpec {
  const start = draw.chance(0.2) ? 0 : draw.int(0, size + 2);
  switch (draw.pick(['bounded', 'from', 'suffix'] as const)) {
    case 'bounded':
      return { form: 'bounded', start, end: draw.int(start + 1, Math.max(start + 1, size + 10)) };
    case 'from':
      return { form: 'from', start };
    case 'suffix':
      return { form: 'suffix', length: draw.int(1, size + 10) };
  }
}

/** Some ranges that mostly share no byte, in any order, so that some share a read and some take one each. */
function drawSeveral(draw: Random, size: number): readonly RangeSpec[] {
  const count = draw.int(2, 6);
  const cuts = [...new Set(repeat(2 * count, () => draw.int(0, size)))].toSorted((a, b) => a - b);
  const spans = cuts.flatMap((start, i) => {
    const end = cuts[i + 1];
    return i % 2 === 1 || end === undefined ? [] : [{ form: 'bounded', start, end } as const];
  });
  // Beside one that lies beyond the end, a suffix may be the only one that there are bytes for.
  const beyond: readonly RangeSpec[] = draw.chance(0.2) ? [{ form: 'from', start: size + draw.int(0, 5) }] : [];
  const free = size - (spans.at(-1)?.end ?? 0);
  const suffix: readonly RangeSpec[] = draw.chance(0.3) ? [{ form: 'suffix', length: draw.int(1, free + 1) }] : [];
  const specs = [...(draw.chance(0.9) ? spans : []), ...beyond, ...suffix];
  if (specs.length < 2) return [drawSpec(draw, size)];
  return draw.chance(0.4) ? specs : shuffle(draw, specs);
}

function shuffle<T>(draw: Random, list: readonly T[]): readonly T[] {
  const drawn = list.map((item) => ({ item, place: draw.int(0, 1_000_000) }));
  return drawn.toSorted((a, b) => a.place - b.place).map(({ item }) => item);
}

function repeat<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}
