import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { parseConfig, type ConfigInput } from '../../src/config/config.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { BUFFERED_LIMIT } from '../../src/platform/lambda/buffered.ts';
import { lambdaGateway, readEnvironment } from '../../src/platform/lambda/gateway.ts';
import { openNodeConfig } from '../../src/platform/node/open-node-config.ts';
import { s3Client } from '../../src/platform/s3/s3-client.ts';
import { s3Storage } from '../../src/platform/s3/s3-storage.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { scriptedServer } from '../s3/scripted-server.ts';

const MOUNTS: ConfigInput = { mounts: [{ fallback: { type: 's3', bucket: 'copy' } }] };

/** An S3 whose bucket `own` is unavailable, and whose bucket `copy` has one object below the same prefix. */
function origin() {
  return scriptedServer(({ url = '' }, res) => {
    const path = url.split('?')[0];
    if (path === '/copy/releases/a') {
      res.writeHead(200, { ETag: '"a"', 'Content-Length': 4, 'Last-Modified': 'Wed, 01 Jan 2020 00:00:00 GMT' });
      res.end('copy');
    } else if (path?.startsWith('/own/') === true) res.writeHead(503).end('<Error><Code>SlowDown</Code></Error>');
    else res.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
  });
}

const CREDENTIALS = { accessKeyId: 'key', secretAccessKey: 'secret' };

type Ask = (path: string) => Promise<Response>;

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const PLATFORMS: Readonly<Record<string, (endpoint: string) => Promise<Ask>>> = {
  async node(endpoint) {
    const access = { endpoint, pathStyle: true, credentials: CREDENTIALS };
    const store = s3Storage({ access, bucket: 'own', prefix: 'releases/' });
    const opened = await openNodeConfig(parseConfig(MOUNTS), store, access, 'releases/');
    const gateway = createGateway({ ...opened, observers: [{ end: () => undefined }] });
    return async (path) => gateway.request(path);
  },
  async lambda(endpoint) {
    const read = readEnvironment({
      RANGEWAY_BUCKET: 'own',
      RANGEWAY_PREFIX: 'releases/',
      RANGEWAY_SETTINGS: JSON.stringify(MOUNTS),
      RANGEWAY_S3_ENDPOINT: endpoint,
      RANGEWAY_S3_PATH_STYLE: 'true',
    });
    // The credentials of the role come from the environment of the function.
    const config = { ...read, access: { ...read.access, credentials: CREDENTIALS } };
    const gateway = lambdaGateway(s3Client(config.access), config, BUFFERED_LIMIT, () => undefined);
    return async (path) => gateway.fetch(new Request(`http://gateway${path}`));
  },
  async workers(endpoint) {
    const { url, stop } = await startWorkerd({
      config: fileURLToPath(new URL('open-config-fallback.toml', import.meta.url)),
      host: '127.0.0.1',
      port: 0,
      variables: {
        S3_BUCKET: 'own',
        S3_PREFIX: 'releases/',
        S3_ENDPOINT: endpoint,
        S3_PATH_STYLE: true,
        AWS_ACCESS_KEY_ID: 'key',
        AWS_SECRET_ACCESS_KEY: 'secret',
      },
      onOutput: () => undefined,
    });
    stops.push(stop);
    return (path) => fetch(url + path);
  },
};

test.for(Object.entries(PLATFORMS))(
  'on %s, the fallback of the store of the platform is read below the same prefix',
  async ([, start]) => {
    using storage = await origin();
    const ask = await start(storage.endpoint);
    const response = await ask('/a');
    expect([response.status, await response.text()]).toEqual([200, 'copy']);
    // A missing object in the copy is not final, because replication may lag.
    expect((await ask('/b')).status).toBe(503);
  },
);

test('in a Worker, the variable of a fallback is refused at start, with the name of the table to use', async () => {
  const lines: string[] = [];
  const started = startWorkerd({
    config: fileURLToPath(new URL('open-config-fallback.toml', import.meta.url)),
    host: '127.0.0.1',
    port: 0,
    variables: {
      S3_BUCKET: 'own',
      S3_FALLBACK_BUCKET: 'copy',
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
    },
    onOutput: (line) => void lines.push(line),
  });
  await expect(started).rejects.toThrow();
  expect(lines.join('\n')).toContain('S3_FALLBACK_BUCKET is not read; a mount takes it, as fallback = {');
});

test('on Lambda, a mount can only use the bucket of the function, and a bucket as fallback', () => {
  const open = (settings: ConfigInput) =>
    lambdaGateway(
      s3Client({}),
      readEnvironment({ RANGEWAY_BUCKET: 'own', RANGEWAY_SETTINGS: JSON.stringify(settings) }),
      BUFFERED_LIMIT,
    );
  expect(() => open({ mounts: [{ store: { type: 's3', bucket: 'copy' } }] })).toThrow(
    /^store\.type: this platform knows no "s3"$/,
  );
  expect(() => open({ mounts: [{ fallback: { type: 'dir', path: '/' } }] })).toThrow(
    /^fallback\.type: this platform knows no "dir"$/,
  );
});
