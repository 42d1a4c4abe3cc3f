import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The message that the runtime posted for an invocation. */
export type Posted =
  | {
      readonly type: 'response';
      readonly streamed: boolean;
      readonly contentType: string | undefined;
      readonly body: Buffer;
      /** Whether the message came to its end; of a stream that was broken off, it did not. */
      readonly complete: boolean;
      /** Of a stream: what the runtime says about an error after the first byte. */
      readonly trailers: NodeJS.Dict<string>;
    }
  | { readonly type: 'error'; readonly report: string };

/** The behaviour of the API during a streamed response: refuse the rest, as of one that is too large, or close the connection. */
export interface Cut {
  readonly after: number;
  readonly how: 'refuse' | 'hang up';
}

/** Lambda's Runtime API, version 2018-06-01, for one runtime. */
export interface RuntimeApi {
  /** As `AWS_LAMBDA_RUNTIME_API` takes it. */
  readonly address: string;
  /** The error that the runtime reported when it could not start. */
  readonly initErrors: readonly string[];
  /** Hands an event to the runtime when it asks for the next one. */
  invoke(event: unknown, cut?: Cut): Promise<Posted>;
  stop(): void;
}

interface Invocation {
  readonly id: string;
  readonly event: unknown;
  readonly cut: Cut | undefined;
  readonly settle: (posted: Posted) => void;
}

const PREFIX = '/2018-06-01/runtime';

/** AWS's client reads a Content-Type without asking whether there is one, and crashes where there is none. */
const JSON_TYPE = { 'Content-Type': 'application/json' };

export async function startRuntimeApi(): Promise<RuntimeApi> {
  const queued: Invocation[] = [];
  const running = new Map<string, Invocation>();
  const initErrors: string[] = [];
  let waiting: ServerResponse | undefined;

  function handOver(): void {
    const invocation = waiting === undefined ? undefined : queued.shift();
    if (waiting === undefined || invocation === undefined) return;
    running.set(invocation.id, invocation);
    waiting
      .writeHead(200, {
        ...JSON_TYPE,
        'Lambda-Runtime-Aws-Request-Id': invocation.id,
        'Lambda-Runtime-Deadline-Ms': Date.now() + 60_000,
        'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:us-east-1:123456789012:function:rangeway',
      })
      .end(JSON.stringify(invocation.event));
    waiting = undefined;
  }

  const server = createServer((req, res) => {
    const [id = '', what = ''] = (req.url ?? '').slice(`${PREFIX}/invocation/`.length).split('/');
    const invocation = running.get(id);
    if (req.url === `${PREFIX}/invocation/next`) {
      waiting = res;
      handOver();
    } else if (req.url === `${PREFIX}/init/error`) {
      void receive(req, res).then(({ body }) => initErrors.push(body.toString()));
    } else if (invocation !== undefined && (what === 'response' || what === 'error')) {
      void receive(req, res, invocation.cut).then((received) => {
        running.delete(id);
        invocation.settle(what === 'response' ? received : { type: 'error', report: received.body.toString() });
      });
    } else {
      res.writeHead(404, JSON_TYPE).end('{}');
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  return {
    address: `127.0.0.1:${address.port}`,
    initErrors,
    invoke: (event, cut) =>
      new Promise((settle) => {
        queued.push({ id: crypto.randomUUID(), event, cut, settle });
        handOver();
      }),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

type Response = Extract<Posted, { readonly type: 'response' }>;

/** Takes a message to its end, or to where it breaks. */
async function receive(req: IncomingMessage, res: ServerResponse, cut?: Cut): Promise<Response> {
  const chunks: Buffer[] = [];
  let length = 0;
  let isCut = false;
  req.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (cut === undefined || isCut || length <= cut.after) return;
    isCut = true;
    cutOff(req, cut.how);
  });
  req.on('end', () => res.writeHead(202, JSON_TYPE).end('{}'));
  // A message that breaks off is an error too, and told by `complete`.
  req.on('error', () => undefined);
  await new Promise((resolve) => req.on('close', resolve));
  return {
    type: 'response',
    streamed: req.headers['lambda-runtime-function-response-mode'] === 'streaming',
    contentType: req.headers['content-type'],
    body: Buffer.concat(chunks),
    complete: req.complete,
    trailers: req.trailers,
  };
}

function cutOff({ socket }: IncomingMessage, how: Cut['how']): void {
  if (how === 'hang up') {
    socket.destroy();
    return;
  }
  // As Go's server does for Lambda: the answer at once, and no more reads, then time for the answer to arrive.
  socket.pause().write('HTTP/1.1 413 Request Entity Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}');
  setTimeout(() => socket.destroy(), 500);
}
