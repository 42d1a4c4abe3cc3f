import { parseImfFixdate } from './placeholders.ts';
import { count, forbid, type Invariant, shown, unless } from './checked-response.ts';
import { valuesOf } from './wire.ts';

/** §6.6.1: an origin server with a clock sends Date. */
const oneDate: Invariant = ({ response }) => {
  const [value = '', ...more] = valuesOf(response, 'date');
  const valid = more.length === 0 && parseImfFixdate(value) !== undefined;
  return unless(valid, `§6.6.1: exactly one Date, an IMF-fixdate; got ${shown(response, 'date')}`);
};

/** RFC 9112 §8: a message that ends early, or goes on after its end, must not pass as whole. */
const completeMessage: Invariant = ({ response }) =>
  // A body that ends with the connection is legal for what is not an object.
  unless(
    response.complete || (count(response, 'content-length') === 0 && count(response, 'transfer-encoding') === 0),
    `RFC 9112 §8: framing not satisfied to the byte (${String(response.body.length)} bytes of content)`,
  );

/** §15.4.5: a 304 updates what is stored, so it carries validators and nothing of the content. */
const bareNotModified: Invariant = ({ response }) => {
  if (response.status !== 304) return [];
  return [
    ...forbid(
      response,
      '§15.4.5: not on a 304',
      'content-type',
      'content-length',
      'content-encoding',
      'content-range',
      'transfer-encoding',
    ),
    ...unless(response.body.length === 0, '§15.4.5: a 304 has no content'),
    ...['etag', 'cache-control'].flatMap((name) =>
      unless(count(response, name) === 1, `§15.4.5: one ${name}; got ${shown(response, name)}`),
    ),
  ];
};

/** §15.5.17: clients learn the size from a 416 and go on from there. */
const sizeOfUnsatisfiable: Invariant = ({ response, fixture }) => {
  if (response.status !== 416) return [];
  const size = fixture === undefined ? /^bytes \*\/[0-9]+$/u : fixture.bytes.length;
  const value = valuesOf(response, 'content-range').join(' | ');
  const right = typeof size === 'number' ? value === `bytes */${String(size)}` : size.test(value);
  return unless(right, `§15.5.17: the object's size; got ${shown(response, 'content-range')}`);
};

/** §15.5.6: a 405 names what is allowed. */
const allowed: Invariant = ({ response }) => {
  if (response.status !== 405) return [];
  const members = valuesOf(response, 'allow').flatMap((line) => line.split(/\s*,\s*/u));
  return unless(
    members.toSorted().join() === 'GET,HEAD,OPTIONS',
    `§15.5.6: Allow must name GET, HEAD, OPTIONS; got ${shown(response, 'allow')}`,
  );
};

/** §9.3.2, §15.3.5, §8.6: no content, and no length of what can't be. */
const withoutContent: Invariant = ({ method, response }) => [
  ...unless(method !== 'HEAD' || response.body.length === 0, '§9.3.2: HEAD has no content'),
  ...(response.status === 204 ? forbid(response, '§8.6: not on a 204', 'content-length', 'transfer-encoding') : []),
];

/** RFC 9457, so that a program can tell one failure from another; and it leaks nothing. */
const problemDetails: Invariant = ({ method, response }) => {
  if (response.status < 400 || method === 'HEAD') return [];
  const type = valuesOf(response, 'content-type').join(' | ');
  if (!/^application\/problem\+json(?:;|$)/u.test(type)) {
    return [`RFC 9457 §3: Content-Type application/problem+json; got "${type}"`];
  }
  const text = new TextDecoder().decode(response.body);
  let members: ReadonlyMap<string, unknown>;
  try {
    const value: unknown = JSON.parse(text);
    members = new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  } catch {
    return [`RFC 9457 §3: not JSON: ${text.slice(0, 80)}`];
  }
  const isText = (name: string): boolean => {
    const value = members.get(name);
    return typeof value === 'string' && value !== '';
  };
  return [
    ...['type', 'title', 'requestId'].flatMap((name) =>
      unless(isText(name), `RFC 9457 §3.1: ${name} must be a string: ${text.slice(0, 160)}`),
    ),
    ...unless(
      members.get('status') === response.status,
      `RFC 9457 §3.1.2: status must be ${String(response.status)}: ${text.slice(0, 160)}`,
    ),
    ...unless(
      !/\bE(?:NOENT|ACCES|NOTDIR|ISDIR|NAMETOOLONG|INVAL)\b|\.[jt]s:\d/u.test(text),
      `an inner error shows: ${text.slice(0, 160)}`,
    ),
  ];
};

/** Fetch §4.10: browsers refuse an answer with two. */
const oneAllowOrigin: Invariant = ({ response }) =>
  unless(
    count(response, 'access-control-allow-origin') < 2,
    `at most one line; got ${shown(response, 'access-control-allow-origin')}`,
  );

/** zsync's buffer for a line is 512 bytes. */
const shortLines: Invariant = ({ response }) =>
  response.headers
    .filter(([name, value]) => name.length + 2 + value.length >= 512)
    .map(([name]) => `CLIENTS.md: the header line ${name} is not under 512 bytes`);

/** A header that names a file of the server helps only an attacker. */
const noServerPaths: Invariant = ({ response }) =>
  response.headers
    .filter(([, value]) =>
      /(?:^|[\s"'=:(<])(?:file:\/)?\/(?:etc|home|mnt|opt|proc|root|srv|tmp|usr|var|work)\//u.test(value),
    )
    .map(([name, value]) => `a path of the server in ${name}: ${value}`);

/** The rules for all messages, with any status. */
export const messageInvariants: readonly Invariant[] = [
  oneDate,
  completeMessage,
  bareNotModified,
  sizeOfUnsatisfiable,
  allowed,
  withoutContent,
  problemDetails,
  oneAllowOrigin,
  shortLines,
  noServerPaths,
];
