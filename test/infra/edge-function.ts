import { createContext, Script } from 'node:vm';
import { isRecord } from './json.ts';

/** One value of a field or parameter in CloudFront's event. Several values of one name are joined here. */
export interface EdgeValue {
  readonly value: string;
}

/** A request in an event of CloudFront Functions: names of fields are in lower case, nothing is decoded. */
export interface EdgeRequest {
  readonly method: string;
  readonly uri: string;
  readonly querystring: Readonly<Record<string, EdgeValue>>;
  readonly headers: Readonly<Record<string, EdgeValue>>;
}

/** The request that goes on to the cache, or a response that the function has made itself. */
export type EdgeResult =
  | ({ readonly type: 'request' } & EdgeRequest)
  | { readonly type: 'response'; readonly status: number; readonly headers: Readonly<Record<string, EdgeValue>> };

/**
 * Runs the code of a function for one request, in a context of its own with nothing of Node's, as CloudFront does.
 *
 * @throws if the function throws, or returns neither a request nor a response: CloudFront answers 503 then
 */
export function runEdgeFunction(code: string, request: EdgeRequest, ip = '203.0.113.9'): EdgeResult {
  const event = {
    version: '1.0',
    context: {
      distributionDomainName: 'd111111abcdef8.cloudfront.net',
      distributionId: 'EDFDVBD6EXAMPLE',
      eventType: 'viewer-request',
      requestId: 'EXAMPLEntjQpEXAMPLE_SG5Z-EXAMPLEPmPfEXAMPLEu3EqEXAMPLE==',
    },
    viewer: { ip },
    request: { ...request, cookies: {} },
  };
  const context = createContext({ input: JSON.stringify(event) });
  new Script(code).runInContext(context);
  const output: unknown = new Script('JSON.stringify(handler(JSON.parse(input)))').runInContext(context);
  return toResult(JSON.parse(String(output)));
}

function toResult(value: unknown): EdgeResult {
  if (!isRecord(value)) throw new Error('the function returns no object');
  const { statusCode: status, method, uri } = value;
  const headers = toValues(value['headers']);
  if (typeof status === 'number') return { type: 'response', status, headers };
  if (typeof method !== 'string' || typeof uri !== 'string' || !uri.startsWith('/'))
    throw new Error('the function returns neither a request nor a response');
  return { type: 'request', method, uri, querystring: toValues(value['querystring']), headers };
}

function toValues(table: unknown): Readonly<Record<string, EdgeValue>> {
  if (!isRecord(table)) throw new Error('no table of names and values');
  return Object.fromEntries(
    Object.entries(table).map(([name, entry]) => {
      if (!isRecord(entry) || typeof entry['value'] !== 'string') throw new Error(`${name} has no value`);
      if (name !== name.toLowerCase() && !CASED.has(name)) throw new Error(`${name} is not in lower case`);
      return [name, { value: entry['value'] }];
    }),
  );
}

/** Parameters of S3; all other names are in lower case. */
const CASED = new Set(['versionId']);
