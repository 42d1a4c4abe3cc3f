import type { Fields } from '../http/index.ts';
import type { Answer } from './reply.ts';

/**
 * What a platform tells beside a request, as the `env` of `app.fetch(request, env)`; `serve` of `rangeway/node` does.
 * Each may be left out.
 */
export interface RequestFacts {
  /** Of the client, as text. */
  readonly clientAddress?: string | undefined;
  /** Resolves when the answer's way to the client is over: whether all of it was handed to the system. */
  readonly sent?: Promise<boolean> | undefined;
  /** Makes the Response of an answer, where the platform has one that costs less than the web's. */
  readonly toResponse?: ((answer: Answer) => Response) | undefined;
  readonly head?: RequestHead | undefined;
}

/** What a platform has read of this very request, where it can be looked at for less than the request itself. */
export interface RequestHead {
  readonly request: Request;
  readonly fields: Fields;
  /** The same as `request.url`. */
  readonly address: URL;
}

const NONE: RequestFacts = {};

/** Reads what there is of it in an `env`, which can be anything: on Workers, the bindings. */
export function factsOf(env: unknown): RequestFacts {
  return typeof env === 'object' && env !== null && isFacts(env) ? env : NONE;
}

/** What there is of the request that an app has in its hands: nothing, once it was replaced. */
function headOf({ head }: RequestFacts, request: Request): RequestHead | undefined {
  return head?.request === request ? head : undefined;
}

/** The fields of a request. */
export function fieldsOf(facts: RequestFacts, request: Request): Fields {
  return headOf(facts, request)?.fields ?? request.headers;
}

/** The address of a request. */
export function addressOf(facts: RequestFacts, request: Request): URL {
  return headOf(facts, request)?.address ?? new URL(request.url);
}

function isFacts(env: { readonly [Name in keyof RequestFacts]?: unknown }): env is RequestFacts {
  const { clientAddress, sent, toResponse, head } = env;
  return (
    (clientAddress === undefined || typeof clientAddress === 'string') &&
    (sent === undefined || sent instanceof Promise) &&
    (toResponse === undefined || typeof toResponse === 'function') &&
    (head === undefined || typeof head === 'object')
  );
}
