import { Client } from 'undici';
import { http1Transport } from '../../src/platform/node/http1/http1-transport.ts';
import { trimOws } from '../../src/http/index.ts';
import { defaultReader } from '../../src/store/chunk-stream.ts';
import type { AnswerCase } from './answer-case.ts';

/** The result of a client for a response. */
export type Outcome =
  | { readonly type: 'read'; readonly status: number; readonly fields: Fields; readonly body: string }
  /** There was no head that it takes, or the body broke off. */
  | { readonly type: 'refused'; readonly why: string };

/** Names in lower case, in their order by name; lines of one name joined; values as UTF-8. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** Reads an answer with one connection of its own, to the last byte of its body. */
export type AnswerClient = (origin: string, path: string, method: AnswerCase['method']) => Promise<Outcome>;

const TIMEOUT = 20_000;

/** The client under test. */
export const ours: AnswerClient = async (origin, path, method) => {
  const transport = http1Transport({ maxSockets: 1, connectTimeout: TIMEOUT, requestTimeout: TIMEOUT });
  try {
    const { status, fields, body } = await transport({ method, url: `${origin}${path}`, fields: {} });
    let text = '';
    if (body !== undefined) {
      const reader = defaultReader(body);
      for (let chunk = await reader.read(Infinity); chunk !== undefined; chunk = await reader.read(Infinity))
        text += Buffer.from(chunk).toString('latin1');
    }
    return { type: 'read', status, fields: sorted(Object.entries(fields)), body: text };
  } catch (error) {
    return { type: 'refused', why: describe(error) };
  } finally {
    transport.destroy();
  }
};

/** The client that it is compared with: undici's, which parses with llhttp. */
export const undiciClient: AnswerClient = async (origin, path, method) => {
  const client = new Client(origin, {
    headersTimeout: TIMEOUT,
    bodyTimeout: TIMEOUT,
    // As much as ours takes.
    maxHeaderSize: 64 * 1024,
  });
  try {
    return await new Promise<Outcome>((resolve) => {
      let status = 0;
      let fields: Fields = [];
      let body = '';
      client.dispatch(
        { origin, path, method },
        {
          onRequestStart: () => undefined,
          onResponseStart({ rawHeaders }, statusCode) {
            status = statusCode;
            fields = sorted(joined(Array.isArray(rawHeaders) ? rawHeaders : []));
          },
          onResponseData: (_, chunk) => void (body += chunk.toString('latin1')),
          onResponseEnd: () => resolve({ type: 'read', status, fields, body }),
          onResponseError: (_, error) => resolve({ type: 'refused', why: describe(error) }),
          onRequestUpgrade: (_controller, _status, _headers, socket) => {
            socket.destroy();
            resolve({ type: 'refused', why: 'upgrade' });
          },
        },
      );
    });
  } finally {
    await client.destroy();
  }
};

function joined(raw: readonly (Buffer | string)[]): readonly (readonly [string, string])[] {
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toString().toLowerCase() ?? '';
    const value = trimOws(raw[i + 1]?.toString() ?? '');
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return [...fields];
}

function sorted(fields: readonly (readonly [string, string])[]): Fields {
  return fields.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}
