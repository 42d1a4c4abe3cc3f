import { createHash } from 'node:crypto';
import { referenceIndex } from './reference-index.ts';
import type { Case, Expect, ExpectedBody } from './case.ts';
import { codedFixture, type Fixture, fixtureOf, fixtures } from './fixtures.ts';
import { foreignMarkup, namesOf } from './listed-entries.ts';
import { messageInvariants } from './message-invariants.ts';
import { boundaryOf, parseByteranges, type Part } from './multipart.ts';
import { objectInvariants } from './object-invariants.ts';
import { fill, placeholdersOf } from './placeholders.ts';
import { type Origin, send, valuesOf, type WireResponse } from './wire.ts';

export type { Origin } from './wire.ts';

/** Enough of a long text to know it by. */
const short = (text: string): string =>
  text.length <= 120 ? text : `${text.slice(0, 120)}… (${String(text.length)} in all)`;

/** Where the first difference is, in words; `undefined` when there is none. */
const difference = (actual: Uint8Array, wanted: Uint8Array): string | undefined => {
  const at = wanted.findIndex((byte, index) => actual[index] !== byte);
  if (at >= 0 && at < actual.length) return `differs at byte ${String(at)}`;
  if (actual.length === wanted.length) return undefined;
  return `${String(actual.length)} bytes instead of ${String(wanted.length)}`;
};

const spans = (list: readonly { readonly start: number; readonly end: number }[]): string =>
  list.map(({ start, end }) => `[${String(start)}, ${String(end)})`).join(' ');

const checkPart = (got: Part, which: string, of: Fixture): readonly string[] => {
  const type = got.headers.find(([name]) => name === 'Content-Type')?.[1];
  const wrong = difference(got.bytes, of.bytes.subarray(got.start, got.end));
  const failures: string[] = [];
  if (wrong !== undefined) failures.push(`${which}: ${wrong}`);
  if (got.size !== of.bytes.length) failures.push(`${which}: complete length ${String(got.size)}`);
  if (type !== of.contentType) failures.push(`${which}: Content-Type ${String(type)}`);
  return failures;
};

const checkParts = (
  response: WireResponse,
  { of, parts }: Extract<ExpectedBody, { type: 'parts' }>,
): readonly string[] => {
  const boundary = boundaryOf(valuesOf(response, 'content-type').join(' | '));
  const got = parseByteranges(response.body, boundary);
  const wanted = spans(parts.map(([start, end]) => ({ start, end })));
  if (spans(got) !== wanted) return [`parts: got ${spans(got)}, expected ${wanted}`];
  return got.flatMap((one, index) => checkPart(one, `part ${String(index)}`, fixtureOf(of)));
};

/** The other members of a problem are checked as an invariant of every error. */
const checkProblem = (response: WireResponse, wanted: string): readonly string[] => {
  const text = new TextDecoder().decode(response.body);
  const [, type] = /"type":"([^"]*)"/u.exec(text) ?? [];
  return type === wanted ? [] : [`problem: expected type ${wanted}, got ${text.slice(0, 160)}`];
};

const checkBody = (response: WireResponse, body: ExpectedBody): readonly string[] => {
  const length = response.body.length;
  if (body.type === 'parts') {
    try {
      return checkParts(response, body);
    } catch (error) {
      return [`body: ${error instanceof Error ? error.message : String(error)}`];
    }
  }
  if (body.type === 'bytes') {
    const wanted = fixtureOf(body.of).bytes.subarray(body.start, body.end);
    const wrong = difference(response.body, wanted);
    return wrong === undefined ? [] : [`body: ${wrong}`];
  }
  if (body.type === 'index') {
    const opaque = valuesOf(response, 'etag').join().slice(1, -1);
    const wrong = difference(response.body, referenceIndex(fixtureOf(body.of), opaque));
    return wrong === undefined ? [] : [`index: ${wrong}`];
  }
  if (body.type === 'metalink') return checkMetalink(new TextDecoder().decode(response.body), body);
  if (body.type === 'entries') {
    const text = new TextDecoder().decode(response.body);
    const names = namesOf(text, body.format).join(' | ');
    const wanted = body.names.join(' | ');
    return [
      ...(names === wanted ? [] : [`entries: expected ${wanted}, got ${names}`]),
      ...(body.format === 'html' ? foreignMarkup(text).map((found) => `markup: ${found}`) : []),
    ];
  }
  if (body.type === 'empty') {
    return length === 0 ? [] : [`body: expected none, got ${String(length)} bytes`];
  }
  if (length === 0) return ['body: expected problem details, got none'];
  return checkProblem(response, body.problem ?? 'about:blank');
};

/** RFC 5854: every element that a client needs, once and true. */
const checkMetalink = (
  text: string,
  { of, url, scheme = 'http' }: Extract<ExpectedBody, { type: 'metalink' }>,
): readonly string[] => {
  const { bytes, key } = fixtureOf(of);
  const sha256 = (part: Uint8Array) => createHash('sha256').update(part).digest('hex');
  const count = Math.ceil(bytes.length / 2 ** 20);
  const pieces = Array.from({ length: count }, (_, i) => sha256(bytes.subarray(i * 2 ** 20, (i + 1) * 2 ** 20)));
  const name = key
    .slice(key.lastIndexOf('/') + 1)
    .replaceAll("'", '&#39;')
    .replaceAll('"', '&quot;');
  const address = `${scheme}://127\\.0\\.0\\.1:\\d+${url.replaceAll(/[.?+/()^$*[\]]/gu, '\\$&')}`;
  const elements = [
    `<file name="${name}">`,
    `<size>${String(bytes.length)}</size>`,
    `<hash type="sha-256">${sha256(bytes)}</hash>`,
    ...(count === 0
      ? []
      : [`<pieces length="1048576" type="sha-256">`, ...pieces.map((hash) => `<hash>${hash}</hash>`)]),
  ];
  return [
    ...elements.filter((element) => text.split(element).length !== 2).map((element) => `Metalink: not once ${element}`),
    ...(new RegExp(`<url>${address}</url>`, 'u').test(text)
      ? []
      : [`Metalink: no address ${url} in ${short(text.slice(-200))}`]),
  ];
};

const checkHeader = (response: WireResponse, name: string, wanted: string | RegExp | null): readonly string[] => {
  const lines = valuesOf(response, name);
  const got = lines.length === 0 ? 'none' : lines.map((line) => JSON.stringify(line)).join(' and ');
  if (wanted === null) return lines.length === 0 ? [] : [`${name}: expected none, got ${got}`];
  const [line, ...more] = lines;
  const right =
    line !== undefined && more.length === 0 && (typeof wanted === 'string' ? line === wanted : wanted.test(line));
  const shown = typeof wanted === 'string' ? JSON.stringify(wanted) : String(wanted);
  return right ? [] : [`${name}: expected ${shown}, got ${got}`];
};

const checkExpected = (
  response: WireResponse,
  { status, headers = {}, body }: Expect,
  values: ReadonlyMap<string, string>,
): readonly string[] => {
  const statuses: readonly number[] = typeof status === 'number' ? [status] : status;
  if (!statuses.includes(response.status)) {
    // Header and body of another status would only repeat that it is another.
    return [`status: expected ${statuses.join(' or ')}, got ${String(response.status)}`];
  }
  return [
    ...Object.entries(headers).flatMap(([name, wanted]) =>
      checkHeader(response, name, typeof wanted === 'string' ? fill(wanted, values) : wanted),
    ),
    ...(body === undefined ? [] : checkBody(response, body)),
  ];
};

/** The fixture that a target names: told from the case, so that no answer can mislead it. */
const fixtureAt = (target: string): Fixture | undefined => {
  const path = target.replace(/^https?:\/\/[^/]*/u, '').replace(/[?#].*$/su, '');
  try {
    const key = decodeURIComponent(path.replace(/^\//u, ''));
    return [...fixtures, codedFixture].find((fixture) => fixture.key === key);
  } catch {
    return undefined;
  }
};

/**
 * Sends a case's request to a server that holds the fixtures and compares the answer with what the
 * case expects and with the invariants of every response. A HEAD of the same target goes first
 * where the target names a fixture, with the same preferences for digests.
 *
 * @param restore undoes what the platform by its nature changes in every answer
 * @param timeout milliseconds for each of the two exchanges
 * @returns what is wrong, in words; empty when the case passes
 * @throws never: a connection that fails is a failure of the case
 */
export const checkCase = async (
  origin: Origin,
  test: Case,
  restore: (response: WireResponse) => WireResponse = (response) => response,
  timeout = 10_000,
): Promise<readonly string[]> => {
  const { method = 'GET', target, headers = [], expect, isListing = false, refusedByParser = [] } = test;
  try {
    const named = fixtureAt(target);
    // An index or a Metalink document of a fixture has other bytes than the fixture.
    const fixture = /[?&](?:pieces|meta4)(?:[&=]|$)/u.test(target) ? undefined : named;
    const wishes = headers.filter(([name]) => /^want-/iu.test(name));
    const head =
      named === undefined
        ? undefined
        : restore(await send(origin, { method: 'HEAD', target, headers: wishes }, timeout));
    const values = placeholdersOf(head);
    const lines = headers.map(([name, value]) => [name, fill(value, values)] as const);
    const response = restore(await send(origin, { method, target, headers: lines }, timeout));
    if (refusedByParser.includes(response.status)) return [];
    const invariants = [...messageInvariants, ...objectInvariants];
    const failures = [
      ...checkExpected(response, expect, values),
      ...invariants.flatMap((invariant) => invariant({ method, response, fixture, head, isListing })),
    ];
    if (failures.length === 0) return [];
    const request = [`${method} ${target}`, ...lines.map((line) => line.join(': '))].map(short);
    return [...failures, `the request was: ${request.join(' | ')}`];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
};
