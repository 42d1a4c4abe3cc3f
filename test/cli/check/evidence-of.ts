import type { Evidence } from '../../../src/cli/check/evidence.ts';
import type { CheckedRedirect, CheckResponse, Exchange } from '../../../src/cli/check/exchange.ts';
import { toSubject, type ProbeName } from '../../../src/cli/check/probes.ts';

/** When all exchanges took place: the Date of the responses. */
export const AT = Date.parse('2026-11-29T12:00:00Z');

/** Fields of a response to the first GET. */
const FIRST = {
  date: 'Sun, 29 Nov 2026 12:00:00 GMT',
  etag: '"v1"',
  'last-modified': 'Sun, 01 Nov 2026 10:00:00 GMT',
  'content-length': '10',
};

/** A response as a table writes it. A field that is `undefined` is left out. */
export interface Reply {
  readonly status?: number;
  readonly fields?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  readonly redirects?: readonly CheckedRedirect[];
  readonly address?: string;
}

function responseOf({ status = 200, fields = {}, body = '' }: Reply): CheckResponse {
  const sent = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return { status, fields: new Map(sent), body: new TextEncoder().encode(body), end: 'complete' };
}

/** Makes the evidence of a check of an object with the content `0123456789`, of which the given replies differ. */
export function evidenceOf(
  replies: Partial<Record<ProbeName, Reply>>,
  address = 'https://files.example.com/a.bin',
): Evidence {
  const first = responseOf({ body: '0123456789', ...replies.first, fields: { ...FIRST, ...replies.first?.fields } });
  const exchanges: Partial<Record<ProbeName, Exchange>> = {};
  for (const [name, reply] of Object.entries({ first: {}, ...replies })) {
    const result = { type: 'response', response: name === 'first' ? first : responseOf(reply) } as const;
    const at = new URL(reply.address ?? address);
    Object.assign(exchanges, { [name]: { redirects: reply.redirects ?? [], address: at, result, at: AT } });
  }
  return { address: new URL(address), first, subject: toSubject(first, undefined, 'https://page.example'), exchanges };
}

/** A finding in one text: its level, and the beginning of what was seen. */
export function printFinding({ level, seen }: { readonly level: string; readonly seen: string }): string {
  return `${level} ${seen}`;
}
