import { S3Client } from '@aws-sdk/client-s3';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { s3Transport } from '../../../../src/platform/s3/s3-client.ts';
import { s3Store, type S3StoreOptions } from '../../../../src/store/drivers/s3/s3-store.ts';
import { scriptedServer } from '../../../s3/scripted-server.ts';

export interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export const KEY: Key = { accessKeyId: 'a', secretAccessKey: 'b' };

/** An object of three bytes. */
export function sendObject(_: IncomingMessage, res: ServerResponse): void {
  res.writeHead(200, { 'Content-Length': 3, ETag: '"tag"', 'Content-Type': 'text/plain' }).end('abc');
}

/** Sends an error with an S3 error document; without it for HEAD. */
export function refuse(req: IncomingMessage, res: ServerResponse, status: number, code: string, date?: Date): void {
  const body = `<Error><Code>${code}</Code><Message>no</Message></Error>`;
  res.writeHead(status, { 'Content-Length': body.length, ...(date && { Date: date.toUTCString() }) });
  res.end(req.method === 'HEAD' ? undefined : body);
}

/** The signature of a presigned request: time, access key, and the path without the query. */
export function signatureOf({ url = '', headers }: IncomingMessage) {
  const { pathname, searchParams } = new URL(url, `http://${headers.host}`);
  const date = searchParams.get('X-Amz-Date') ?? '';
  return {
    pathname,
    signature: searchParams.get('X-Amz-Signature') ?? headers.authorization,
    key: (searchParams.get('X-Amz-Credential') ?? '').split('/')[0],
    signed: searchParams.get('X-Amz-SignedHeaders'),
    at: Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5')),
  };
}

/** An S3 store over an HTTP server on loopback that responds with `answer`. */
export async function loopbackS3(
  answer: (req: IncomingMessage, res: ServerResponse, call: number) => void,
  options: Partial<S3StoreOptions> & { readonly credentials?: () => Promise<Key> } = {},
) {
  const { credentials = async () => KEY, ...location } = options;
  const server = await scriptedServer(answer);
  const client = new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
    maxAttempts: 1,
  });
  return {
    client,
    endpoint: server.endpoint,
    store: s3Store(client, { bucket: 'bucket', transport: s3Transport(), ...location }),
    asked: server.asked,
    signatures: () => server.asked.map((req) => signatureOf(req).signature),
    [Symbol.dispose]: () => server[Symbol.dispose](),
  };
}
