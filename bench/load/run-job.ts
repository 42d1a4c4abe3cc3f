import { bytesAt } from '../origin/objects.ts';
import { connectionTo, type Connection, type LoadResponse } from './connection.ts';
import type { LoadJob, LoadResult } from './job.ts';
import { minBodyLength, nextRequest, type RangeRequest } from './request-pattern.ts';

/** Counters of a running job. */
interface RequestStats {
  started: number;
  requests: number;
  bytes: number;
  failures: number;
  failure: string | undefined;
  readonly firstBytes: number[];
}

/** Runs a job: opens all connections, then sends requests on each of them, one after the other. */
export async function runJob(job: LoadJob): Promise<LoadResult> {
  const { connections, limit, pace } = job;
  const clients = Array.from({ length: connections }, () => connectionTo(job.port, pace));
  await Promise.all(clients.map((client) => client.open()));
  const stats: RequestStats = { started: 0, requests: 0, bytes: 0, failures: 0, failure: undefined, firstBytes: [] };
  const start = performance.now();
  const deadline = 'seconds' in limit ? start + limit.seconds * 1000 : Number.POSITIVE_INFINITY;
  const isOver = () =>
    stats.failures > 0 || ('seconds' in limit ? performance.now() >= deadline : stats.started >= limit.requests);
  const closeAll = () => {
    for (const client of clients) client.close();
  };
  const timeout = pace === undefined || !('seconds' in limit) ? undefined : setTimeout(closeAll, limit.seconds * 1000);
  await Promise.all(clients.map((client) => runClient(client, job, stats, isOver)));
  clearTimeout(timeout);
  const seconds = (performance.now() - start) / 1000;
  closeAll();
  const { requests, bytes, failures, failure } = stats;
  return { requests, bytes, seconds, firstByte: percentiles(stats.firstBytes), failures, failure };
}

async function runClient(client: Connection, job: LoadJob, stats: RequestStats, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    stats.started++;
    const request = nextRequest(job.pattern, job.object);
    const response = await client.request(toFunctionUrlHead(job, request), job.status);
    stats.bytes += response.bytes;
    if (response.bytes > 0 || response.complete) stats.firstBytes.push(response.firstByte);
    // A slow client has disconnected at the time limit: this is no failure.
    if (job.pace !== undefined && !response.complete && isOver()) return;
    const failure = findFailure(response, request, job);
    if (failure === undefined) stats.requests++;
    else {
      stats.failures++;
      stats.failure ??= failure;
    }
  }
}

function toFunctionUrlHead({ path, port, fields }: LoadJob, { range }: RangeRequest): string {
  const all = { Host: `127.0.0.1:${port}`, ...(range === undefined ? {} : { Range: range }), ...fields };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Checks status, length and first bytes of a response, since the speed of wrong responses means nothing. */
function findFailure(response: LoadResponse, request: RangeRequest, job: LoadJob): string | undefined {
  const { status, complete, bytes, prefix } = response;
  if (status !== job.status) return status === 0 ? 'no answer' : `answers ${status}`;
  const hasBody = status === 200 || status === 206;
  if (hasBody && request.start !== undefined && !prefix.equals(bytesAt(request.start, prefix.length)))
    return 'sends wrong bytes';
  const expected = hasBody ? minBodyLength(job.pattern, job.object) : 0;
  if (!complete) return `breaks off after ${bytes} bytes`;
  return bytes < expected || (hasBody && request.start !== undefined && bytes > expected)
    ? `sends ${bytes} bytes instead of ${expected}`
    : undefined;
}

function percentiles(values: readonly number[]): { readonly p50: number; readonly p99: number } {
  const sorted = Float64Array.from(values).toSorted();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
