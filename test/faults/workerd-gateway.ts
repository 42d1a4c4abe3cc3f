import type { LogEntry } from '../../src/gateway/log.ts';
import { OWN_CONFIG, startWorkerd } from '../../src/platform/workerd.ts';
import { BUCKET } from './origin.ts';
import type { Gateway } from './run.ts';

/** The S3 Worker in workerd over an origin. */
export interface WorkerdGateway extends Gateway {
  readonly log: readonly Pick<LogEntry, 'key' | 'outcome'>[];
  /** Whatever else workerd printed, such as errors that nobody caught. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

/** To be set with the store of src/platform/workers-s3.ts. */
const RESUMES = false;

export async function startWorkerdGateway(endpoint: string): Promise<WorkerdGateway> {
  const log: Pick<LogEntry, 'key' | 'outcome'>[] = [];
  const complaints: string[] = [];
  const { url, stop } = await startWorkerd({
    config: OWN_CONFIG,
    environment: 's3',
    host: '127.0.0.1',
    port: 0,
    // As a deployment sets them; nothing of the Worker is made for this test.
    variables: {
      S3_BUCKET: BUCKET,
      S3_ENDPOINT: endpoint,
      S3_PATH_STYLE: true,
      AWS_ACCESS_KEY_ID: 'faults',
      AWS_SECRET_ACCESS_KEY: 'faults',
    },
    onOutput: (line) => void (line.startsWith('{') ? log.push(toEntry(line)) : complaints.push(line)),
  });
  return { url, resumes: RESUMES, patience: 400, log, complaints, stop };
}

function toEntry(line: string): Pick<LogEntry, 'key' | 'outcome'> {
  const { key, outcome }: LogEntry = JSON.parse(line);
  return { key, outcome };
}
