import { toRefusal, type AccessRule, type Grant } from '../access/index.ts';
import { toSeconds } from '../http/index.ts';
import { problem, type Reply } from './reply.ts';
import { toHeaders, type RequestHead } from './request-head.ts';

/** A request that asks to be let in. */
export interface Applicant {
  readonly request: RequestHead;
  /** The whole of it as it was sent, so that a rule can refuse a spelling that others may read as another path. */
  readonly path: string;
  /** As it was sent, without the question mark. */
  readonly query: string;
  readonly clientAddress: string | undefined;
  readonly received: Date;
  readonly requestId: string;
}

/** Let in, with what comes with it; or the answer instead. */
export type Admission =
  | { readonly type: 'granted'; readonly grant: Grant }
  | { readonly type: 'refused'; readonly reply: Reply };

const EVERYBODY: Grant = { isPrivate: false };

/** Asks a rule, before any storage is: the answer is the same for keys that exist and that do not. */
export async function admit(
  rule: AccessRule | undefined,
  { request, path, query, clientAddress, received, requestId }: Applicant,
): Promise<Admission> {
  if (rule === undefined) return { type: 'granted', grant: EVERYBODY };
  const { method, headers } = request;
  const now = toSeconds(received);
  const verdict = await rule({ method, path, query, headers: toHeaders(headers), clientAddress, now });
  if (verdict.type === 'granted') return verdict;
  const { status, detail, fields } = toRefusal(verdict);
  const reply = problem(status, detail, requestId, method, fields);
  return { type: 'refused', reply: verdict.type === 'unavailable' ? { ...reply, error: verdict.cause } : reply };
}
