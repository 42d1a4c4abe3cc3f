/**
 * Writes docs/openapi.json, the OpenAPI description of the addresses below `/.rangeway/`, from their schemas in code.
 * `--check` only compares, and fails if they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema, type JsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import type { GenericSchema } from 'valibot';
import {
  DeletedSchema,
  DownloadsQuery,
  DownloadsSchema,
  ImportedSchema,
  ImportSchema,
  LinkChange,
  LinkSchema,
  ReaderQuery,
  TransferDetailsSchema,
  TransfersPageSchema,
  TransfersQuery,
} from '../src/gateway/handlers/transfers-schema.ts';

const FILE = join(import.meta.dirname, '../docs/openapi.json');

/** One operation of the API. */
interface Operation {
  readonly method: 'get' | 'put' | 'post' | 'delete';
  /** The path with its parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly query?: GenericSchema;
  readonly body?: GenericSchema;
  /** The content of the response; by default it has none, and the status 204. */
  readonly response?: GenericSchema;
  /** Whether the response is a stream of events for clients that accept one. */
  readonly streams?: boolean;
  /** The media type of the response; by default JSON. */
  readonly type?: 'text/plain';
  /** Whether it takes no token. */
  readonly isPublic?: boolean;
  /** Errors of all; by default 400, 401 and 503. */
  readonly common?: readonly (400 | 401 | 503)[];
  /** Errors that the operation has beside those of all. */
  readonly errors?: readonly (404 | 409 | 413)[];
}

const OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/.rangeway/transfers',
    summary: 'Lists transfers, newest first',
    query: TransfersQuery,
    response: TransfersPageSchema,
    streams: true,
  },
  {
    method: 'delete',
    path: '/.rangeway/transfers',
    summary: 'Deletes all transfers of a reader',
    query: ReaderQuery,
    response: DeletedSchema,
  },
  {
    method: 'get',
    path: '/.rangeway/transfers/{id}',
    summary: 'One transfer, with how often each byte was delivered',
    response: TransferDetailsSchema,
    streams: true,
    errors: [404],
  },
  { method: 'delete', path: '/.rangeway/transfers/{id}', summary: 'Deletes one transfer', errors: [404] },
  {
    method: 'get',
    path: '/.rangeway/downloads',
    summary: 'Counts downloads for each key and day',
    query: DownloadsQuery,
    response: DownloadsSchema,
  },
  {
    method: 'get',
    path: '/.rangeway/links/{id}',
    summary: 'The use of a signed link with an id',
    response: LinkSchema,
    errors: [404],
  },
  {
    method: 'put',
    path: '/.rangeway/links/{id}',
    summary: 'Revokes a link, or takes that back',
    body: LinkChange,
    response: LinkSchema,
    errors: [413],
  },
  {
    method: 'delete',
    path: '/.rangeway/links/{id}',
    summary: 'Forgets the use of a link that is not revoked',
    errors: [404, 409],
  },
  {
    method: 'post',
    path: '/.rangeway/transfers/import',
    summary: 'Counts requests of the log of a CDN, once for each batch',
    body: ImportSchema,
    response: ImportedSchema,
    errors: [413],
  },
  {
    method: 'get',
    path: '/.rangeway/health',
    summary: 'Whether the process runs',
    response: v.object({ status: v.literal('ok') }),
    isPublic: true,
    common: [],
  },
  {
    method: 'get',
    path: '/.rangeway/ready',
    summary: 'Whether all storages answer, and the process is not about to stop',
    response: v.object({ status: v.literal('ready') }),
    isPublic: true,
    common: [503],
  },
  {
    method: 'get',
    path: '/.rangeway/metrics',
    summary: "Numbers of the gateway in Prometheus' text format; without a token if metrics are public",
    response: v.string(),
    type: 'text/plain',
    common: [401],
  },
];

const ERRORS: Readonly<Record<number, string>> = {
  400: 'A parameter, a cursor or the body is wrong',
  401: 'The token of the administrator is missing or wrong',
  404: 'There is no such thing',
  409: 'The link is revoked',
  413: 'The body is too long',
  503: 'A store does not answer',
};

/** @param mode `input` for what a client sends, where defaults are optional and texts not converted yet */
function convert(schema: GenericSchema, mode: 'input' | 'output'): JsonSchema {
  // JSON Schema can't express that a text becomes a number: it describes the text.
  const { $schema: _, ...converted } = toJsonSchema(schema, {
    target: 'draft-2020-12',
    typeMode: mode,
    errorMode: 'ignore',
  });
  return converted;
}

function queryParameters(schema: GenericSchema): readonly object[] {
  const { properties = {}, required = [] } = convert(schema, 'input');
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: one,
  }));
}

function content(schema: GenericSchema, mode: 'input' | 'output', type = 'application/json'): object {
  return { [type]: { schema: convert(schema, mode) } };
}

function describe(operation: Operation): object {
  const { path, summary, query, body, response, type, streams = false, errors = [] } = operation;
  const { isPublic = false, common = [400, 401, 503] } = operation;
  const events = streams ? { 'text/event-stream': { schema: { type: 'string' } } } : {};
  const hasId = path.endsWith('{id}');
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
  const success =
    response === undefined
      ? { 204: { description: 'Done' } }
      : { 200: { description: summary, content: { ...content(response, 'output', type), ...events } } };
  const failures = [...common, ...errors]
    .toSorted((a, b) => a - b)
    .map((status) => [
      status,
      {
        description: ERRORS[status],
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]);
  return {
    summary,
    ...(isPublic ? { security: [] } : {}),
    parameters: [...(hasId ? [id] : []), ...(query === undefined ? [] : queryParameters(query))],
    ...(body === undefined ? {} : { requestBody: { required: true, content: content(body, 'input') } }),
    responses: { ...success, ...Object.fromEntries(failures) },
  };
}

const problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    requestId: { type: 'string' },
  },
};

const paths = new Map<string, Record<string, object>>();
for (const operation of OPERATIONS) {
  paths.set(operation.path, { ...paths.get(operation.path), [operation.method]: describe(operation) });
}

const description = {
  openapi: '3.1.1',
  info: {
    title: 'Rangeway',
    version: '1',
    description:
      'The state of downloads and links, health and metrics, below the address of the gateway (docs/transfers.md).',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/' }],
  security: [{ admin: [] }],
  paths: Object.fromEntries(paths),
  components: {
    securitySchemes: { admin: { type: 'http', scheme: 'bearer', description: 'The token that admin.token names' } },
    schemas: { Problem: problem },
  },
};

const text = `${JSON.stringify(description, undefined, 2)}\n`;
if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (readFileSync(FILE, 'utf8') !== text) {
  throw new Error('docs/openapi.json is not what the schemas in code give: npm run openapi writes it');
}
