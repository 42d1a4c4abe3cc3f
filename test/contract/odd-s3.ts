import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';

/** A storage whose keys select its behaviour, and another host to which it may redirect. */
export interface OddS3 {
  readonly endpoint: string;
  /** Of the other host. */
  readonly elsewhere: string;
  /** Requests that it got. */
  readonly asked: readonly IncomingMessage[];
  /** Requests that the other host got. */
  readonly followed: readonly string[];
  stop(): Promise<void>;
}

export const BUCKET = 'odd';
const TAG = '"0123456789abcdef0123456789abcdef"';

/** The content of the keys of text, without a coding. */
export const TEXT = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join(''));
/** The stored bytes of `transcoding`, with `Content-Encoding: gzip`. */
export const CODED = gzipSync(TEXT);
/** Of `rangeless-large`, in bytes. */
export const LARGE = 80 * 1024 * 1024;
const PAGE = Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));

/** A byte of `rangeless-large`. */
export function largeByte(at: number): number {
  return PAGE[at % PAGE.length] ?? 0;
}

/** Node's server writes a character as a byte: these are UTF-8. */
const utf8 = (text: string) => Buffer.from(text).toString('latin1');

const DESCRIPTION: Readonly<Record<string, string>> = {
  'Content-Type': utf8('text/\u4e2d'),
  'Content-Encoding': 'AWS-Chunked',
  'Content-Language': utf8('fran\u00e7ais'),
  'Content-Disposition': utf8('attachment; filename="f\u00fcr \u4e2d \u{1f600} \u2013.txt"'),
  'Cache-Control': 'max-age=60',
  Expires: '3600',
  'Last-Modified': '2020',
};

type Behaviour = (req: IncomingMessage, res: ServerResponse) => void;

/** Starts it on the loopback address. */
export async function startOddS3(): Promise<OddS3> {
  const asked: IncomingMessage[] = [];
  const followed: string[] = [];
  const other = createServer((req, res) => {
    followed.push(req.url ?? '');
    res.writeHead(200, { 'Content-Length': 6, ETag: TAG }).end(req.method === 'HEAD' ? '' : 'hijack');
  });
  const elsewhere = await listening(other);
  const behaviours: Readonly<Record<string, Behaviour>> = {
    transcoding,
    compressing,
    described: (req, res) => sendRange(req, res, TEXT, DESCRIPTION),
    rangeless: (req, res) => sendWhole(req, res, TEXT),
    'rangeless-large': sendLarge,
    region: (req, res) => {
      const body = '<Error><Code>PermanentRedirect</Code><Endpoint>odd.s3-eu-west-9.amazonaws.com</Endpoint></Error>';
      res.writeHead(301, { 'x-amz-bucket-region': 'eu-west-9', 'Content-Type': 'application/xml' });
      res.end(req.method === 'HEAD' ? undefined : body);
    },
    ...Object.fromEntries(
      [301, 302, 303, 307, 308].map((status): [string, Behaviour] => [
        `redirect-${status}`,
        (_req, res) =>
          void res
            .writeHead(status, { Location: `${elsewhere}/stolen?X-Amz-Signature=secret`, 'Content-Length': 0 })
            .end(),
      ]),
    ),
  };
  const server = createServer((req, res) => {
    asked.push(req);
    const [, , key = ''] = (req.url ?? '').split(/[/?]/);
    const behaviour = behaviours[key.replace(/\..*$/, '')];
    if (behaviour === undefined) res.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
    else behaviour(req, res);
  });
  const endpoint = await listening(server);
  return {
    endpoint,
    elsewhere,
    asked,
    followed,
    async stop() {
      for (const one of [server, other]) {
        one.close();
        one.closeAllConnections();
        await once(one, 'close');
      }
    },
  };
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

/** As Google's: decompressed and without a length, ranges ignored, unless gzip is listed. */
const transcoding: Behaviour = (req, res) => {
  if (/\bgzip\b/.test(acceptEncoding(req))) {
    sendRange(req, res, CODED, { 'Content-Encoding': 'gzip' });
    return;
  }
  res.writeHead(200, { ETag: TAG, 'Transfer-Encoding': 'chunked' });
  res.end(req.method === 'HEAD' ? undefined : gunzipSync(CODED));
};

/** As a proxy in front of a storage that compresses wholes on the fly. */
const compressing: Behaviour = (req, res) => {
  if (req.headers.range !== undefined || !/\bgzip\b/.test(acceptEncoding(req))) {
    sendRange(req, res, TEXT, {});
    return;
  }
  res.writeHead(200, { ETag: `W/${TAG}`, 'Content-Encoding': 'gzip', 'Transfer-Encoding': 'chunked' });
  res.end(req.method === 'HEAD' ? undefined : CODED);
};

function acceptEncoding(req: IncomingMessage): string {
  return req.headers['accept-encoding'] ?? '';
}

function sendRange(
  req: IncomingMessage,
  res: ServerResponse,
  bytes: Buffer,
  fields: Readonly<Record<string, string>>,
): void {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(req.headers.range ?? '') ?? [];
  if (from === '' && to === '') {
    sendWhole(req, res, bytes, fields);
    return;
  }
  const start = from === '' ? Math.max(0, bytes.length - Number(to)) : Number(from);
  const end = from === '' || to === '' ? bytes.length : Math.min(bytes.length, Number(to) + 1);
  const range = `bytes ${start}-${end - 1}/${bytes.length}`;
  res.writeHead(206, { ...fields, ETag: TAG, 'Content-Length': end - start, 'Content-Range': range });
  res.end(req.method === 'HEAD' ? undefined : bytes.subarray(start, end));
}

function sendWhole(
  req: IncomingMessage,
  res: ServerResponse,
  bytes: Buffer,
  fields: Readonly<Record<string, string>> = {},
): void {
  res.writeHead(200, { ...fields, ETag: TAG, 'Content-Length': bytes.length });
  res.end(req.method === 'HEAD' ? undefined : bytes);
}

const sendLarge: Behaviour = (req, res) => {
  res.writeHead(200, { ETag: TAG, 'Content-Length': LARGE });
  let left = req.method === 'HEAD' ? 0 : LARGE / PAGE.length;
  const send = () => {
    while (left > 0) {
      left--;
      if (!res.write(PAGE)) return void res.once('drain', send);
    }
    res.end();
  };
  send();
};
