import { join } from 'node:path';
import * as v from 'valibot';
import type { Storage } from '../contestants/contestant.ts';
import { startHelper } from '../helper.ts';
import { BUCKET } from './answer.ts';
import type { OriginCounts } from './server.ts';

/** The origin, in its own process: the same objects, as fast as it can and as from far away. */
export interface OriginProcess {
  readonly pid: number;
  readonly fast: Storage;
  readonly shaped: Storage;
  /** Of both together. */
  counts(): Promise<OriginCounts>;
  stop(): void;
}

const Greeting = v.object({ fast: v.number(), shaped: v.number() });
const Counts = v.object({ requests: v.number(), bytes: v.number() });
const BothCounts = v.object({ fast: Counts, shaped: Counts });

/** @param large size of the large object, in bytes */
export async function startOriginProcess(large: number): Promise<OriginProcess> {
  const helper = await startHelper(join(import.meta.dirname, 'main.ts'), [String(large)]);
  const { pid } = helper;
  const ports = v.parse(Greeting, helper.greeting);
  const toStorage = (port: number): Storage => ({
    port,
    pid,
    bucket: BUCKET,
    accessKeyId: 'bench',
    secretAccessKey: 'bench-secret',
  });
  return {
    pid,
    fast: toStorage(ports.fast),
    shaped: toStorage(ports.shaped),
    async counts() {
      const { fast, shaped } = v.parse(BothCounts, await helper.ask({ ask: 'counts' }));
      return { requests: fast.requests + shaped.requests, bytes: fast.bytes + shaped.bytes };
    },
    stop: () => helper.stop(),
  };
}
