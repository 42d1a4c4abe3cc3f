import { join } from 'node:path';
import * as v from 'valibot';
import type { Storage } from '../contestants/contestant.ts';
import { startHelper } from '../helper.ts';
import { BUCKET } from './answer.ts';
import type { Certificate } from './certificate.ts';
import type { OriginCounts } from './server.ts';

/** The origin, in its own process: the same objects, as fast as it can, as from far away, and over TLS. */
export interface OriginProcess {
  readonly pid: number;
  readonly fast: Storage;
  readonly shaped: Storage;
  /** `undefined` where there is no certificate. */
  readonly secure: Storage | undefined;
  /** Of all together. */
  counts(): Promise<OriginCounts>;
  stop(): void;
}

const Greeting = v.object({ fast: v.number(), shaped: v.number(), secure: v.optional(v.number()) });
const Counts = v.array(v.object({ requests: v.number(), bytes: v.number() }));

/** @param large size of the large object, in bytes */
export async function startOriginProcess(large: number, certificate: Certificate | undefined): Promise<OriginProcess> {
  const files = certificate === undefined ? [] : [certificate.key, certificate.cert];
  const helper = await startHelper(join(import.meta.dirname, 'main.ts'), [String(large), ...files]);
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
    secure: ports.secure === undefined ? undefined : { ...toStorage(ports.secure), certificate: certificate?.cert },
    async counts() {
      const counts = v.parse(Counts, await helper.ask({ ask: 'counts' }));
      const sum = (name: keyof OriginCounts) => counts.reduce((total, one) => total + one[name], 0);
      return { requests: sum('requests'), bytes: sum('bytes') };
    },
    stop: () => helper.stop(),
  };
}
