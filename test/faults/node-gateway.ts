import { logObserver, type LogEntry } from '../../src/observe/log.ts';
import { createGateway } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { s3Client, s3Store, s3Transport } from '../../src/platform/s3/index-node.ts';
import { withResume } from '../../src/store/wrappers/with-resume.ts';
import { BUCKET } from './origin.ts';
import type { Gateway } from './run.ts';

/** The gateway on Node over an origin, and what can be seen of it from the inside. */
export interface NodeGateway extends Gateway {
  readonly log: readonly LogEntry[];
  /** Connections to the storage that a body holds. */
  readonly held: () => number;
  stop(): Promise<void>;
}

/** The storage may send nothing for so long, in ms. */
const IDLE = 200;

const CREDENTIALS = { accessKeyId: 'faults', secretAccessKey: 'faults' };

/**
 * @param resumes whether bodies that break are read on; the times of that are set so short that a suite of stalls is
 *   soon over
 */
export async function startNodeGateway(endpoint: string, resumes = true): Promise<NodeGateway> {
  const client = s3Client({ endpoint, pathStyle: true, credentials: CREDENTIALS });
  const transport = s3Transport({ requestTimeout: 5_000 });
  const store = s3Store(client, { bucket: BUCKET, transport });
  const log: LogEntry[] = [];
  const gateway = createGateway({
    store: resumes ? store : withResume(store, { tries: 0, idleTimeout: IDLE }),
    observers: [logObserver((entry) => log.push(entry))],
    resume: resumes && { idleTimeout: IDLE },
    // Gaps are hardly ever near, so that answers in parts take several reads of these small objects.
    ranges: { nearGap: 1_000 },
  });
  const server = await serve(gateway, { port: 0 });
  return {
    url: server.url,
    log,
    resumes,
    patience: resumes ? 5_000 : 300,
    held: transport.inUse,
    async stop() {
      await server.stop(1_000);
      client.destroy();
      transport.destroy();
    },
  };
}
