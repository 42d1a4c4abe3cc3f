import { judgeAll } from './checks.ts';
import { conclude } from './conclusion.ts';
import type { Evidence } from './evidence.ts';
import { responseOf, type CheckResponse, type Exchange } from './exchange.ts';
import { FIRST_REQUEST, PROBES, rangeRequest, toSubject, wholeLength, type ProbeName } from './probes.ts';
import type { CheckReport } from './report.ts';
import type { CheckClient } from './send-request.ts';

/**
 * Sends the requests of a check one after another, and judges the responses.
 *
 * @param origin of the page whose requests are tried
 */
export async function runCheck(client: CheckClient, address: URL, origin: string): Promise<CheckReport> {
  const firstExchange = await client.send(address, FIRST_REQUEST);
  if (firstExchange.result.type === 'failed') return { type: 'failed', reason: firstExchange.result.reason };
  const first = firstExchange.result.response;
  const refusal = explainStatus(first);
  if (refusal !== undefined) return { type: 'failed', reason: refusal };
  const exchanges: Partial<Record<ProbeName, Exchange>> = { first: firstExchange };
  const size = wholeLength(first);
  if (size !== 0) exchanges.range = await client.send(address, rangeRequest(size));
  const subject = toSubject(first, responseOf(exchanges.range), origin);
  for (const probe of PROBES) {
    const made = probe.request(subject);
    if (made !== undefined) exchanges[probe.name] = await client.send(address, made);
  }
  const evidence: Evidence = { address, first, subject, exchanges };
  const findings = judgeAll(evidence);
  const requests = Object.values(exchanges).reduce((sum, { redirects }) => sum + 1 + redirects.length, 0);
  return { type: 'checked', requests, findings, conclusion: conclude(evidence, findings) };
}

/** Explains in a clause why the first response is no object; `undefined` if it is one. */
function explainStatus({ status }: CheckResponse): string | undefined {
  if (status === 200) return undefined;
  if (status === 401) return 'it asks for credentials (401); --header "Authorization: …" sends them';
  if (status === 403)
    return 'it refuses access (403); a link may have expired, or be signed for another address or method';
  if (status === 404 || status === 410) return `there is no such object (${status})`;
  if (status === 429 || status === 503) return `it takes no more requests now (${status}); try again later`;
  if (status === 206) return 'it answers 206 to a request without Range, so no client gets the whole';
  if (status >= 300 && status < 400) return `it redirects (${status}) without an address`;
  if (status >= 500) return `the server fails (${status})`;
  return `it answers ${status} to a GET, where an object is 200`;
}
