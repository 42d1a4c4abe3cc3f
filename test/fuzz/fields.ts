import type { Representation } from '../../src/http/index.ts';
import { DATE_FORMS, printDate } from '../http/reference/dates.ts';
import type { Random } from './random.ts';
import { NOW } from './shapes.ts';

const COMMAS = [',', ',', ', ', ', ', ' ,', ',\t', ', ,', ',,', ' , \t, '];
const NUMERALS = [
  '0',
  '00',
  '0007',
  '4294967296',
  '9007199254740990',
  '9007199254740991',
  '9007199254740992',
  '9223372036854775807',
  '18446744073709551616',
  '9'.repeat(40),
  `${'0'.repeat(400)}1`,
  `1${'0'.repeat(400)}`,
];

/** A value that the grammar of a Range field allows, of ranges in and around an object of `size` bytes. */
export function rangeValue(random: Random, size: number): string {
  const unit = random.oneIn(8) ? random.pick(['Bytes=', 'BYTES=', 'bYtEs=', 'bytes= ', 'bytes=\t']) : 'bytes=';
  if (random.oneIn(2)) return unit + rangeMember(random, size);
  if (random.oneIn(3)) return unit + scattered(random, size);
  return unit + apart(random, size);
}

function rangeMember(random: Random, size: number): string {
  const first = position(random, size);
  switch (random.below(5)) {
    case 0:
      return `${first}-`;
    case 1:
      return `-${first}`;
    case 2:
      return `${first}-${position(random, size)}`;
    default: {
      const start = Number(first);
      return `${first}-${start < Number.MAX_SAFE_INTEGER ? start + random.below(random.pick([1, 20, 100_000])) : first}`;
    }
  }
}

function position(random: Random, size: number): string {
  switch (random.below(6)) {
    case 0:
      return random.pick(NUMERALS);
    case 1:
    case 2:
      return String(Math.max(0, size + random.below(5) - 3));
    case 3:
      return String(random.below(Math.max(1, size)));
    default:
      return String(random.below(20));
  }
}

function scattered(random: Random, size: number): string {
  const members = Array.from({ length: 1 + random.below(6) }, () => rangeMember(random, size));
  return members.join(random.pick(COMMAS));
}

/** Ranges that do not overlap: the only ones that are answered in parts. Seldom many, as electron-updater asks. */
function apart(random: Random, size: number): string {
  const count = random.oneIn(300) ? random.pick([255, 1_000, 1_001, 9_000]) : 2 + random.below(8);
  const step = random.pick([1, 10, 1_000, 1_000_000, Math.max(1, Math.floor(size / (2 * count)))]);
  const members: string[] = [];
  let at = random.below(10);
  for (let i = 0; i < count; i++) {
    const start = at + random.below(step);
    const last = start + random.below(step);
    if (last >= Number.MAX_SAFE_INTEGER - 1) break;
    members.push(`${start}-${last}`);
    at = last + 1;
  }
  if (random.oneIn(3)) members.reverse();
  if (random.oneIn(8)) members.push(random.pick(['-1', '-5', `${size}-`, '-0']));
  return members.length === 0 ? '0-0,-1' : members.join(random.pick(COMMAS));
}

/** A tag: mostly the object's own. */
function tag(random: Random, { etag }: Representation): string {
  const weak = random.oneIn(5) ? 'W/' : '';
  if (etag !== undefined && !random.oneIn(4)) return `${etag.weak ? 'W/' : weak}"${etag.opaque}"`;
  return `${weak}"${random.pick(['v1', 'v2', '', 'a,b', 'x y', '\u00ff\u0080'])}"`;
}

/** A value for If-Match or If-None-Match. Seldom a list that is as long as a server lets it be. */
export function tagsValue(random: Random, representation: Representation): string {
  if (random.oneIn(6)) return '*';
  const count = random.oneIn(500) ? 2_000 : 1 + random.below(3);
  return Array.from({ length: count }, () => tag(random, representation)).join(random.pick(COMMAS));
}

/** A date in any of the three forms: mostly the object's own or a neighbour of it. */
export function dateValue(random: Random, { lastModified }: Representation): string {
  const own = lastModified === undefined ? Number.NaN : Math.floor(lastModified.getTime() / 1000);
  const isPlain = own >= 0 && own < 253_402_300_799;
  const seconds = isPlain && !random.oneIn(3) ? own + random.below(3) - 1 : random.pick([784_111_777, 0, NOW, NOW + 1]);
  return printDate(Math.max(0, seconds), random.pick(DATE_FORMS));
}

/** A value for If-Range. */
export function ifRangeValue(random: Random, representation: Representation): string {
  return random.oneIn(3) ? dateValue(random, representation) : tag(random, representation);
}
