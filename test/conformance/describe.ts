import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeAccessPath } from '../../src/access/path.ts';
import { isFull } from '../full.ts';
import type { Case } from './case.ts';
import { cases as allCases } from './cases/index.ts';
import { checkCase, type Origin } from './check.ts';
import { sampleOf } from './sample.ts';
import { secondIsOver } from './second-is-over.ts';
import { valuesOf, type WireResponse } from './wire.ts';

/** A gateway that serves the fixtures. */
export interface ConformingServer {
  readonly url: string;
  stop(): Promise<void>;
  /** When the fixtures were stored, in ms since the epoch, where the storage sets the date itself. */
  readonly storedAt?: number;
}

/** How many cases of the list a suite runs, and how many there are: for the line at the end of a run. */
declare module 'vitest' {
  interface TaskMeta {
    conformance?: { readonly run: number; readonly whole: number };
  }
}

/** The parts of a message that the HTTP server of a platform changes or drops. */
export interface Platform {
  /** workerd drops header lines without a value, so no Worker ever sees them. */
  readonly dropsEmptyFields?: boolean;
  /**
   * A function URL that streams sends every body chunked, and Content-Length as `x-amzn-remapped-content-length`.
   * The cases then look there, and a body that is not chunked is a failure.
   */
  readonly remapsLength?: boolean;
  /** The gateway sees https, as that of a function URL does, though the local server speaks http. */
  readonly hasHttpsAddresses?: boolean;
  /** Other cases than those that bind every platform. */
  readonly cases?: readonly Case[];
  /** Runs the whole list by default too; other suites run a sample of it. One of each implementation of HTTP does. */
  readonly runsWhole?: boolean;
  /** Makes of each target one that is let in: a link, where a rule guards the fixtures. */
  readonly sign?: (target: string) => string;
}

const REMAPPED = 'x-amzn-remapped-content-length';

/** The response as the function returned it: undoes the known changes of the platform, and checks that there are no others. */
function unmapLength(response: WireResponse): WireResponse {
  const { headers, body, status } = response;
  const codings = valuesOf(response, 'transfer-encoding').join();
  const isRefusal = status === 400 || status === 431;
  if (valuesOf(response, 'content-length').length > 0) throw new Error('Content-Length of a streamed answer');
  if (body.length > 0 && codings !== 'chunked' && !isRefusal) throw new Error(`a stream is chunked, not "${codings}"`);
  return {
    ...response,
    headers: headers
      .filter(([name]) => name !== 'transfer-encoding')
      .map(([name, value]) => [name === REMAPPED ? 'content-length' : name, value]),
  };
}

/** The same case where the gateway sees https. */
function overHttps(one: Case): Case {
  const { body } = one.expect;
  if (body?.type !== 'metalink') return one;
  return { ...one, expect: { ...one.expect, body: { ...body, scheme: 'https' } } };
}

/** The same case behind a rule of links, which takes no path that routers may read in two ways. */
function signed(one: Case, sign: (target: string) => string): Case {
  const { target, expect: wanted, method = 'GET' } = one;
  const path = target.replace(/^https?:\/\/[^/]*/, '').replace(/[?#].*$/s, '');
  if (!path.startsWith('/')) return one;
  const isRead = method === 'GET' || method === 'HEAD';
  if (!isRead || decodeAccessPath(new URL(path, 'http://localhost').pathname) !== undefined)
    return { ...one, target: sign(target) };
  const mayBeNoPath = [wanted.status].flat().includes(400);
  return { ...one, target: sign(target), expect: { status: mayBeNoPath ? [400, 403] : 403 } };
}

/** Holds a platform and a store to the cases that the platform lets through: all, or a sample ({@link sampleOf}). */
export function describeConformance(
  name: string,
  start: () => Promise<ConformingServer>,
  {
    dropsEmptyFields = false,
    remapsLength = false,
    hasHttpsAddresses = false,
    runsWhole = false,
    sign,
    cases,
  }: Platform = {},
): void {
  const isSeen = ({ headers = [] }: Case) => !dropsEmptyFields || headers.every(([, value]) => value.trim() !== '');
  const whole = (cases ?? allCases).filter(isSeen);
  const chosen = cases !== undefined || runsWhole || isFull ? whole : sampleOf(name).filter(isSeen);
  const asked = sign === undefined ? chosen : chosen.map((one) => signed(one, sign));
  const seen = hasHttpsAddresses ? asked.map(overHttps) : asked;
  describe(`${name} conforms`, { meta: { conformance: { run: seen.length, whole: whole.length } } }, () => {
    let server: ConformingServer;
    let origin: Origin;
    beforeAll(async () => {
      server = await start();
      const { hostname, port } = new URL(server.url);
      origin = { host: hostname, port: Number(port) };
      if (server.storedAt !== undefined) await secondIsOver(server.storedAt);
    });
    afterAll(() => server.stop());

    test.for(seen)('$name', async (one) => {
      expect(await checkCase(origin, one, remapsLength ? unmapLength : undefined)).toEqual([]);
    });
  });
}
