import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry } from '../../../src/observe/log.ts';
import { installRuntime, openWire, readWire } from '../../../src/cli/dev/function-url-wire.ts';
import type { FunctionUrlEvent } from '../../../src/platform/lambda/event.ts';
import { lambdaStreamHandler } from '../../../src/platform/lambda/streamed.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';

const SIZE = 8 * 1024 * 1024;

beforeAll(installRuntime);

function get(rawPath: string): FunctionUrlEvent {
  return {
    version: '2.0',
    rawPath,
    rawQueryString: '',
    headers: {},
    requestContext: { http: { method: 'GET' } },
    isBase64Encoded: false,
  };
}

async function open() {
  const store = memoryStore();
  await store.put('large', new Uint8Array(SIZE));
  await store.put('empty', new Uint8Array(0));
  const entries: LogEntry[] = [];
  const gateway = createGateway({ store, observers: [logObserver((entry) => entries.push(entry))] });
  return { handler: lambdaStreamHandler({ gateway }), entries, wire: openWire() };
}

test('the wire format is JSON, 8 NUL bytes and the body; also without a body', async () => {
  const { handler, wire } = await open();
  await handler(get('/empty'), wire.stream);
  const bytes: Buffer = wire.bytes.read();
  expect(wire.contentType()).toBe('application/vnd.awslambda.http-integration-response');
  expect(bytes.subarray(-8)).toEqual(Buffer.alloc(8));
  expect(JSON.parse(bytes.subarray(0, -8).toString())).toMatchObject({
    statusCode: 200,
    headers: { 'content-length': '0', 'accept-ranges': 'bytes' },
  });
});

test('a consumer that does not read applies back-pressure to the storage', async () => {
  const { handler, wire, entries } = await open();
  const handled = handler(get('/large'), wire.stream);
  await sleep(100);
  expect(wire.bytes.writableLength + wire.bytes.readableLength).toBeLessThan(512 * 1024);
  expect(entries).toEqual([]);
  let received = 0;
  for await (const item of readWire(wire)) if (item.type === 'bytes') received += item.bytes.length;
  await handled;
  expect(received).toBe(SIZE);
  expect(entries).toMatchObject([{ outcome: 'complete', bytesSent: SIZE }]);
});

test('a stream that closes early cancels the storage read', async () => {
  const { handler, wire, entries } = await open();
  const handled = handler(get('/large'), wire.stream);
  await sleep(50);
  wire.bytes.destroy();
  await handled;
  await expect.poll(() => entries).toMatchObject([{ outcome: 'aborted' }]);
});

test('without the Lambda runtime, the error names what is missing', async () => {
  const { handler, wire } = await open();
  const runtime = globalThis.awslambda;
  // The SDK leaves an empty global.
  globalThis.awslambda = {};
  await expect(handler(get('/empty'), wire.stream)).rejects.toThrow('awslambda');
  globalThis.awslambda = runtime;
});
