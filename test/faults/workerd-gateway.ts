import { fileURLToPath } from 'node:url';
import type { LogEntry } from '../../src/observe/log.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { BUCKET } from './origin.ts';
import type { Gateway } from './run.ts';
import { workerVariables } from '../s3/worker-variables.ts';

/** The S3 Worker in workerd over an origin. */
export interface WorkerdGateway extends Gateway {
  readonly log: readonly Pick<LogEntry, 'key' | 'outcome'>[];
  /** All other output of workerd, such as uncaught errors. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

/** Rangeway's own Worker over S3, with times so short that a suite of stalls is soon over. */
const CONFIG = fileURLToPath(new URL('wrangler.toml', import.meta.url));

export async function startWorkerdGateway(endpoint: string): Promise<WorkerdGateway> {
  const log: Pick<LogEntry, 'key' | 'outcome'>[] = [];
  const complaints: string[] = [];
  const { url, stop } = await startWorkerd({
    config: CONFIG,
    host: '127.0.0.1',
    port: 0,
    variables: workerVariables(BUCKET, endpoint),
    onOutput: (line) => void (line.startsWith('{') ? log.push(toEntry(line)) : complaints.push(line)),
  });
  return { url, resumes: true, patience: 5_000, log, complaints, stop };
}

function toEntry(line: string): Pick<LogEntry, 'key' | 'outcome'> {
  const { key, outcome }: LogEntry = JSON.parse(line);
  return { key, outcome };
}
