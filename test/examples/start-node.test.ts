import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startServer, type Server } from '../docs/session.ts';
import { reportSkipped } from '../full.ts';
import { ROOT } from './entries.ts';
import { blockOf, isInstalled, startCaddy, startNginx, type Front } from './fronts.ts';

const PAGE = 'docs/start-node.md';
const CONTENT = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) & 0xff));

/** The command of the unit, with files of the test instead of those of the system. */
function unitCommand(files: string, settings: string): string {
  const [, args = ''] = /^ExecStart=\S+\/rangeway (serve .*)$/m.exec(blockOf(PAGE, 'ini')) ?? [];
  const own = args.replace('/srv/files', files).replace('/etc/rangeway/gateway.json', settings);
  return `exec ${process.execPath} ${join(ROOT, 'src/cli/main.ts')} ${own} --port 0 --log json`;
}

const FRONTS = { nginx: startNginx, caddy: startCaddy };

describe.each(['nginx', 'caddy'] as const)(`%s before the service, as in ${PAGE},`, (name) => {
  const isThere = isInstalled(name);
  if (!isThere) reportSkipped(`${name} before the service`, `${name} is missing; test/examples/packages.txt`);
  const folder = mkdtempSync(join(tmpdir(), 'rangeway-service-'));
  let gateway: Server;
  let front: Front;

  beforeAll(async () => {
    if (!isThere) return;
    const [files, settings] = [join(folder, 'files'), join(folder, 'gateway.json')];
    mkdirSync(files);
    writeFileSync(join(files, 'a.bin'), CONTENT);
    writeFileSync(settings, blockOf(PAGE, 'json'));
    gateway = await startServer(unitCommand(files, settings), { cwd: folder, env: process.env }, 60_000);
    front = await FRONTS[name](folder, PAGE, Number(new URL(gateway.url).port));
  }, 90_000);
  afterAll(async () => {
    await front?.stop();
    await gateway?.stop();
    rmSync(folder, { recursive: true });
  });

  async function ask(headers: Readonly<Record<string, string>> = {}, method = 'GET') {
    const outgoing = request(`${front.url}/a.bin`, { method, headers });
    outgoing.end();
    const [response] = await once(outgoing, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
  }

  test.skipIf(!isThere)('ranges and conditions are answered by the gateway, with its tag and lengths', async () => {
    const whole = await ask({ 'Accept-Encoding': 'gzip' });
    const { etag = '' } = whole.headers;
    expect([whole.status, whole.body.equals(CONTENT), whole.headers['content-length']]).toEqual([200, true, '300000']);
    expect(etag).toBe((await fetch(`${gateway.url}/a.bin`, { method: 'HEAD' })).headers.get('etag'));
    expect(etag).toMatch(/^"/);

    const part = await ask({ Range: 'bytes=100-199', 'If-Range': etag });
    expect([part.status, part.headers['content-range']]).toEqual([206, 'bytes 100-199/300000']);
    expect(part.body.equals(CONTENT.subarray(100, 200))).toBe(true);
    const stale = await ask({ Range: 'bytes=100-199', 'If-Range': '"old"' });
    expect([stale.status, stale.body.equals(CONTENT)]).toEqual([200, true]);
    const several = await ask({ Range: 'bytes=0-1,200000-200001' });
    expect([several.status, several.headers['content-type']]).toEqual([206, expect.stringMatching(/^multipart\//)]);
    const beyond = await ask({ Range: 'bytes=999999-' });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */300000']);
    expect((await ask({ 'If-None-Match': etag })).status).toBe(304);
    expect((await ask({ 'If-Match': '"old"' })).status).toBe(412);
    const head = await ask({}, 'HEAD');
    expect([head.status, head.headers['content-length'], head.headers.etag]).toEqual([200, '300000', etag]);
  });

  test.skipIf(!isThere)('the log has the address of the client, and a client cannot forge it', async () => {
    await ask({ 'X-Forwarded-For': '203.0.113.7', 'User-Agent': 'forger' });
    const line = await vi.waitFor(() => {
      const found = gateway
        .output()
        .split('\n')
        .find((one) => one.includes('"forger"'));
      expect(found).toBeDefined();
      return found;
    }, 10_000);
    expect(JSON.parse(line ?? '{}')).toMatchObject({ client: '127.0.0.1', status: 200, outcome: 'complete' });
  });
});
