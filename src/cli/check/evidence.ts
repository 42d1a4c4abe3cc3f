import { responseOf, type CheckResponse, type Exchange } from './exchange.ts';
import type { ProbeName, Subject } from './probes.ts';

/** All that the requests of a check have shown. Verdicts are made from it alone. */
export interface Evidence {
  readonly address: URL;
  /** The response to the first GET: a 200. */
  readonly first: CheckResponse;
  readonly subject: Subject;
  /** The exchanges by the name of their request. A request that has no meaning for the representation is absent. */
  readonly exchanges: Readonly<Partial<Record<ProbeName, Exchange>>>;
}

/** `ok`: nothing limits users; `warning`: some clients or uses are limited; `fault`: something is broken or missing. */
export type Level = 'ok' | 'warning' | 'fault';

/** The verdict of one check. */
export interface Finding {
  readonly level: Level;
  /** The relevant part of the responses. */
  readonly seen: string;
  /** The consequence for users. */
  readonly means: string;
}

/** Makes a finding. */
export function finding(level: Level, seen: string, means: string): Finding {
  return { level, seen, means };
}

/**
 * Judges the response to a request. A request that was not sent, or not answered, has a finding of its own.
 *
 * @param skipped why the request has no meaning for this representation
 */
export function judgeResponse(
  { exchanges }: Evidence,
  name: ProbeName,
  skipped: string,
  judge: (response: CheckResponse) => Finding,
): Finding {
  const exchange = exchanges[name];
  if (exchange === undefined) return finding('warning', 'not asked', skipped);
  if (exchange.result.type === 'failed') return finding('fault', 'no response', exchange.result.reason);
  return judge(exchange.result.response);
}

/** Returns the responses to some requests, without those that were not answered. */
export function responsesOf({ exchanges }: Evidence, names: readonly ProbeName[]): readonly CheckResponse[] {
  return names.map((name) => responseOf(exchanges[name])).filter((response) => response !== undefined);
}
