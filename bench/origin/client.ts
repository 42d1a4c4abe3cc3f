import { join } from 'node:path';
import * as v from 'valibot';
import type { Storage } from '../contestants/contestant.ts';
import { startHelper } from '../helper.ts';
import { BUCKET } from './respond.ts';
import type { Certificate } from './certificate.ts';
import type { OriginCounts } from './server.ts';

/** The origin in its own process. It serves the same objects at full speed, as a distant storage, and over TLS. */
export interface OriginProcess {
  readonly pid: number;
  readonly fast: Storage;
  readonly shaped: Storage;
  /** `undefined` if there is no certificate. */
  readonly secure: Storage | undefined;
  /** The counts of all three since the start. */
  counts(): Promise<OriginCounts>;
  stop(): void;
}

const Greeting = v.object({ fast: v.number(), shaped: v.number(), secure: v.optional(v.number()) });
const Counts = v.array(v.object({ requests: v.number(), bytes: v.number() }));

/**
 * Starts the origin in a new process.
 *
 * @param large size of the large object, in bytes
 */
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
      const counts = v.parse(Counts, await helper.send({ type: 'counts' }));
      const sum = (name: keyof OriginCounts) => counts.reduce((total, count) => total + count[name], 0);
      return { requests: sum('requests'), bytes: sum('bytes') };
    },
    stop: () => helper.stop(),
  };
}
