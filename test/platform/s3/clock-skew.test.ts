import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createGateway, openNodeConfig, parseConfig } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { startWorkerd } from '../../../src/cli/dev/workerd.ts';
import { scriptedServer } from '../../s3/scripted-server.ts';
import { workerVariables } from '../../s3/worker-variables.ts';
import { refuse, sendObject } from '../../store/drivers/s3/loopback-s3.ts';

const HOUR = 3_600_000;
const WAYS = ['presigned', 'commands'] as const;

const PLATFORMS: Readonly<Record<string, (endpoint: string) => Promise<{ url: string; stop: () => Promise<void> }>>> = {
  async Node(endpoint) {
    const mounts = WAYS.map((reads) => ({
      path: `/${reads}`,
      store: { type: 's3' as const, bucket: 'bucket', forbidden: 'missing' as const, reads },
    }));
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const config = await openNodeConfig(parseConfig({ mounts }), undefined, { endpoint, pathStyle: true, credentials });
    const { url, stop } = await serve(createGateway({ ...config, observers: [{ end: () => undefined }] }), { port: 0 });
    return { url, stop: () => stop(1_000) };
  },
  workerd: (endpoint) =>
    startWorkerd({
      config: fileURLToPath(new URL('clock-skew.toml', import.meta.url)),
      host: '127.0.0.1',
      port: 0,
      variables: workerVariables('bucket', endpoint),
      onOutput: () => undefined,
    }),
};

/** The time of the signature, from the URL or the field of a request, in ms since the epoch. */
function signedAt(url: string, field: string | string[] | undefined): number {
  const date = new URL(url, 'http://localhost').searchParams.get('X-Amz-Date') ?? String(field);
  return Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
}

test.each(Object.keys(PLATFORMS).flatMap((name) => [HOUR, -HOUR].map((ahead) => [name, ahead] as const)))(
  'on %s, with a clock that is %i ms behind, an existing object is found even if a 403 means missing',
  async (name, ahead) => {
    using s3 = await scriptedServer((req, res) => {
      const now = Date.now() + ahead;
      const isForbidden = req.url?.includes('/forbidden') === true;
      const isTimely = Math.abs(signedAt(req.url ?? '', req.headers['x-amz-date']) - now) <= 900_000;
      if (isTimely && !isForbidden) sendObject(req, res);
      else refuse(req, res, 403, 'AccessDenied', new Date(now));
    });
    const gateway = await PLATFORMS[name]?.(s3.endpoint);
    if (gateway === undefined) throw new Error(name);
    try {
      for (const way of WAYS) {
        for (const method of ['HEAD', 'GET', 'GET', 'HEAD']) {
          const response = await fetch(`${gateway.url}/${way}/key`, { method });
          expect([way, response.status, await response.text()]).toEqual([way, 200, method === 'HEAD' ? '' : 'abc']);
        }
        expect((await fetch(`${gateway.url}/${way}/forbidden`)).status).toBe(404);
        expect((await fetch(`${gateway.url}/${way}/forbidden`, { method: 'HEAD' })).status).toBe(404);
      }
    } finally {
      await gateway.stop();
    }
  },
);
