import { isRecord } from '../infra/json.ts';
import type { Posted } from './runtime-api.ts';

/** The response that a client gets for the message posted by the runtime. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

const DELIMITER = Buffer.alloc(8);

/**
 * Reads a response as the function URL does.
 *
 * @throws where it is none, or not whole
 */
export function toAnswer(posted: Posted): Answer {
  if (posted.type === 'error') throw new Error(`the function failed: ${posted.report}`);
  const { streamed, body, complete, trailers, contentType } = posted;
  if (!complete || Object.keys(trailers).length > 0) throw new Error('the response is not whole');
  if (!streamed) {
    const { content, ...head } = toFunctionUrlHead(body.toString());
    return { ...head, body: Buffer.from(content ?? '', 'base64') };
  }
  if (contentType !== 'application/vnd.awslambda.http-integration-response') {
    throw new Error(`the response has no prelude, it is ${contentType}`);
  }
  const end = body.indexOf(DELIMITER);
  const { status, headers } = toFunctionUrlHead(body.subarray(0, end).toString());
  return { status, headers, body: body.subarray(end + DELIMITER.length) };
}

function toFunctionUrlHead(json: string) {
  const value: unknown = JSON.parse(json);
  if (!isRecord(value) || typeof value['statusCode'] !== 'number' || !isRecord(value['headers'])) {
    throw new Error(`no answer of a function: ${json.slice(0, 200)}`);
  }
  const { statusCode: status, headers, body, isBase64Encoded } = value;
  if (body !== undefined && isBase64Encoded !== true) throw new Error('a body that is not base64');
  const fields = Object.entries(headers).map(([name, field]): [string, string] => [name, String(field)]);
  return { status, headers: new Headers(fields), content: typeof body === 'string' ? body : undefined };
}
