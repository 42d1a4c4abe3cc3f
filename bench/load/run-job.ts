import { bytesAt } from '../origin/objects.ts';
import { draw, leastLength, type Asked } from './asks.ts';
import { connectionTo, type Answer, type Connection } from './connection.ts';
import type { LoadJob, LoadResult } from './job.ts';

/** What is counted while a job runs. */
interface RequestStats {
  begun: number;
  requests: number;
  bytes: number;
  failures: number;
  failure: string | undefined;
  readonly firstBytes: number[];
}

/** Does a job: all connections first, then requests on each of them, one after the other. */
export async function runJob(job: LoadJob): Promise<LoadResult> {
  const { connections, limit, pace } = job;
  const clients = Array.from({ length: connections }, () => connectionTo(job.port, pace));
  await Promise.all(clients.map((client) => client.open()));
  const stats: RequestStats = { begun: 0, requests: 0, bytes: 0, failures: 0, failure: undefined, firstBytes: [] };
  const begun = performance.now();
  const end = 'seconds' in limit ? begun + limit.seconds * 1000 : Number.POSITIVE_INFINITY;
  const isOver = () =>
    stats.failures > 0 || ('seconds' in limit ? performance.now() >= end : stats.begun >= limit.requests);
  const leave = () => {
    for (const client of clients) client.close();
  };
  const leaving = pace === undefined || !('seconds' in limit) ? undefined : setTimeout(leave, limit.seconds * 1000);
  await Promise.all(clients.map((client) => runClient(client, job, stats, isOver)));
  clearTimeout(leaving);
  const seconds = (performance.now() - begun) / 1000;
  leave();
  const { requests, bytes, failures, failure } = stats;
  return { requests, bytes, seconds, firstByte: percentiles(stats.firstBytes), failures, failure };
}

async function runClient(client: Connection, job: LoadJob, stats: RequestStats, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    stats.begun++;
    const asked = draw(job.ask, job.object);
    const answer = await client.request(toHead(job, asked), job.status);
    stats.bytes += answer.bytes;
    if (answer.bytes > 0 || answer.whole) stats.firstBytes.push(answer.firstByte);
    // It left by itself.
    if (job.pace !== undefined && !answer.whole && isOver()) return;
    const failure = findFailure(answer, asked, job);
    if (failure === undefined) stats.requests++;
    else {
      stats.failures++;
      stats.failure ??= failure;
    }
  }
}

function toHead({ path, port, fields }: LoadJob, { range }: Asked): string {
  const all = { Host: `127.0.0.1:${port}`, ...(range === undefined ? {} : { Range: range }), ...fields };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** A fast wrong answer is no figure: status, length and first bytes have to be right, each time. */
function findFailure(answer: Answer, asked: Asked, job: LoadJob): string | undefined {
  const { status, whole, bytes, beginning } = answer;
  if (status !== job.status) return status === 0 ? 'no answer' : `answers ${status}`;
  const isBody = status === 200 || status === 206;
  if (isBody && asked.start !== undefined && !beginning.equals(bytesAt(asked.start, beginning.length)))
    return 'sends wrong bytes';
  const due = isBody ? leastLength(job.ask, job.object) : 0;
  if (!whole) return `breaks off after ${bytes} bytes`;
  return bytes < due || (isBody && asked.start !== undefined && bytes > due)
    ? `sends ${bytes} bytes instead of ${due}`
    : undefined;
}

function percentiles(values: readonly number[]): { readonly p50: number; readonly p99: number } {
  const sorted = Float64Array.from(values).toSorted();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
