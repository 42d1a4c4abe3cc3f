import type { RangePolicy, Representation } from '../../src/http/index.ts';
import { dateValue, ifRangeValue, rangeValue, tagsValue } from './fields.ts';
import { mutate, noise } from './mutate.ts';
import { randomOf, type Random } from './random.ts';
import { CLIENT_LINES } from './real-clients.ts';
import { anyPolicy, anyRepresentation, NOW } from './shapes.ts';

/** One request for one object, as the pure core sees it. */
export interface DecisionCase {
  readonly method: 'GET' | 'HEAD';
  readonly lines: readonly (readonly [name: string, value: string])[];
  /** Whether the platform reads fields as UTF-8, as workerd does, and not as Latin-1. */
  readonly utf8: boolean;
  readonly representation: Representation;
  readonly policy: RangePolicy;
  /** In seconds. */
  readonly now: number;
}

const FIELDS = ['Range', 'If-Range', 'If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since'] as const;

/** Makes case `index` of a seed. */
export function decisionCase(seed: number, index: number): DecisionCase {
  const random = randomOf(seed, index);
  const representation = anyRepresentation(random);
  return {
    method: random.oneIn(5) ? 'HEAD' : 'GET',
    lines: anyLines(random, representation),
    utf8: random.oneIn(6),
    representation,
    policy: anyPolicy(random),
    now: NOW,
  };
}

/** The fields of a request that decide its answer: as clients send them, as the grammar lets them, or damaged. */
export function anyLines(random: Random, representation: Representation): DecisionCase['lines'] {
  const lines = random.oneIn(8) ? [...random.pick(CLIENT_LINES)] : fieldLines(random, representation);
  return lines.map(([name, value]) => [name, possibleValue(damage(random, value))] as const);
}

function fieldLines(random: Random, representation: Representation): (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = [];
  // Most answers with a precondition never come to the range, so most cases have none.
  if (!random.oneIn(6)) lines.push(['Range', rangeValue(random, representation.size)]);
  if (random.oneIn(5)) lines.push(['If-Range', ifRangeValue(random, representation)]);
  while (random.oneIn(4)) {
    const name = random.pick(FIELDS);
    lines.push([name, valueFor(name, random, representation)]);
  }
  return lines;
}

function valueFor(name: (typeof FIELDS)[number], random: Random, representation: Representation): string {
  switch (name) {
    case 'Range':
      return rangeValue(random, representation.size);
    case 'If-Range':
      return ifRangeValue(random, representation);
    case 'If-Match':
    case 'If-None-Match':
      return tagsValue(random, representation);
    case 'If-Modified-Since':
    case 'If-Unmodified-Since':
      return dateValue(random, representation);
  }
}

function damage(random: Random, value: string): string {
  if (random.oneIn(20)) return noise(random, random.oneIn(50) ? 2_000 : 20);
  return random.oneIn(6) ? mutate(random, value) : value;
}

/** A field value as a server passes it on: without these characters, and without surrounding white space. */
function possibleValue(value: string): string {
  return value.replace(/[\0\r\n]/g, '').replace(/^[\t ]+|[\t ]+$/g, '');
}

/** The fields of a case, as the platform gives them. */
export function headersOf({ lines, utf8 }: DecisionCase): Headers {
  const headers = new Headers();
  for (const [name, value] of lines) headers.append(name, value);
  if (!utf8) return headers;
  // Node's own never hold a character above 255, and workerd's do.
  const get = headers.get.bind(headers);
  return Object.assign(headers, {
    get(name: string) {
      const value = get(name);
      return value === null ? null : Buffer.from(value, 'latin1').toString('utf8');
    },
  });
}

/** A case as a literal for a table test. */
export function literal(value: unknown): string {
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return `{ ${fields.map(([name, field]) => `${name}: ${literal(field)}`).join(', ')} }`;
  }
  // oxlint-disable-next-line no-control-regex -- characters that a source file should not have
  if (typeof value === 'string') return `'${value.replace(/['\\]/g, '\\$&').replace(/[\0-\x1f\x7f-\uffff]/g, escape)}'`;
  return String(value);
}

function escape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The smallest case that is found to go wrong in any way by leaving out lines and characters. */
export function shrink(found: DecisionCase, fails: (one: DecisionCase) => boolean): DecisionCase {
  let best = found;
  for (let tries = 0; tries < 100; tries++) {
    const smaller = smallerCases(best).find(fails);
    if (smaller === undefined) return best;
    best = smaller;
  }
  return best;
}

function smallerCases(one: DecisionCase): readonly DecisionCase[] {
  const { lines } = one;
  const fewer = lines.map((_, i) => lines.toSpliced(i, 1));
  const shorter = lines.flatMap(([name, value], i) =>
    cuts(value).map((cut) => lines.with(i, [name, possibleValue(cut)])),
  );
  const { method, utf8, representation, policy, now } = one;
  return [...fewer, ...shorter].map((some) => ({ method, lines: some, utf8, representation, policy, now }));
}

function cuts(value: string): readonly string[] {
  const found: string[] = [];
  for (let step = Math.floor(value.length / 2); step >= 1; step = Math.floor(step / 2)) {
    for (let at = 0; at + step <= value.length && found.length < 400; at += step)
      found.push(value.slice(0, at) + value.slice(at + step));
  }
  return found;
}
