import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cases } from './cases/index.ts';
import { checkCase, type Origin } from './check.ts';

/** A gateway that serves the fixtures. */
export interface ConformingServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Until dates of files written just now are strong (§8.8.2.2), with a second to spare. In ms. */
const DATES_SETTLE = 2_100;

/** What a platform's own HTTP parser keeps from the gateway. */
export interface Platform {
  /** workerd drops header lines without a value, so no Worker ever sees them. */
  readonly dropsEmptyFields?: boolean;
}

/** Holds a platform and a store to every case that the platform lets through. */
export function describeConformance(
  name: string,
  start: () => Promise<ConformingServer>,
  { dropsEmptyFields = false }: Platform = {},
): void {
  const seen = cases.filter(
    ({ headers = [] }) => !dropsEmptyFields || headers.every(([, value]) => value.trim() !== ''),
  );
  describe(`${name} conforms`, () => {
    let server: ConformingServer;
    let origin: Origin;
    beforeAll(async () => {
      server = await start();
      const { hostname, port } = new URL(server.url);
      origin = { host: hostname, port: Number(port) };
      await sleep(DATES_SETTLE);
    });
    afterAll(() => server.stop());

    test.for(seen)('$name', async (one) => {
      expect(await checkCase(origin, one)).toEqual([]);
    });
  });
}
