import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { isRecord } from '../../infra/json.ts';
import { expectAnswers } from './answers.ts';
import { follow, type Followed } from './followed.ts';

const readmeOf = ({ folder }: Followed) => readFile(join(folder, 'README.md'));
const servers = { 'npm run dev': 'http://127.0.0.1:8787/' };

describe('worker-minimal', () => {
  let example: Followed;
  beforeAll(async () => void (example = await follow('worker-minimal', { servers })));
  afterAll(() => example?.remove());

  test('answers as its README shows', async () => {
    const answer = example.outputs.get('curl -i -r 0-9 http://127.0.0.1:8787/hello.txt') ?? '';
    expect(answer).toMatch(/^HTTP\/1\.1 206 /);
    expect(answer).toMatch(/^cache-control: public, max-age=3600, no-transform/im);
    await expectAnswers(example.address('http://127.0.0.1:8787/hello.txt'), await readmeOf(example));
  });

  test('is accepted by wrangler', async () => {
    await example.run('npx wrangler deploy --dry-run --outdir dry');
  });
});

describe('worker-own-hono-app', () => {
  let example: Followed;
  beforeAll(async () => void (example = await follow('worker-own-hono-app', { servers })));
  afterAll(() => example?.remove());

  test('answers below its route, beside a route of the app', async () => {
    expect(example.outputs.get('curl -i http://127.0.0.1:8787/about')).toContain('{"files":"/files/"}');
    const answer = example.outputs.get('curl -i -r 0-9 http://127.0.0.1:8787/files/hello.txt') ?? '';
    expect(answer).toMatch(/^HTTP\/1\.1 206 /);
    expect(answer).toMatch(/^x-served-by: my app/im);
    await expectAnswers(example.address('http://127.0.0.1:8787/files/hello.txt'), await readmeOf(example));
  });

  test('is accepted by wrangler', async () => {
    await example.run('npx wrangler deploy --dry-run --outdir dry');
  });

  test('runs on Node too', async () => {
    const address = 'http://127.0.0.1:8080/files/README.md';
    await example.start(example.address('PORT=8080 FOLDER=. npm start'), address);
    await expectAnswers(example.address(address), await readmeOf(example));
  });
});

describe('worker-signed-links', () => {
  let example: Followed;
  beforeAll(async () => void (example = await follow('worker-signed-links', { servers })));
  afterAll(() => example?.remove());

  const file = () => example.address('http://127.0.0.1:8787/files/hello.txt');
  async function newLink(): Promise<string> {
    const answer: unknown = JSON.parse(
      await example.run(example.address('curl -s -X POST -u alice:secret http://127.0.0.1:8787/links/hello.txt')),
    );
    return isRecord(answer) ? String(answer['link']) : '';
  }

  test('gives a link to a user who is logged in, and to no other', async () => {
    const command = 'curl -s -X POST -u alice:secret http://127.0.0.1:8787/links/hello.txt';
    expect(example.outputs.get(command)).toContain(`{"link":"${file()}?rgw-`);
    const address = example.address('http://127.0.0.1:8787/links/hello.txt');
    expect((await fetch(address, { method: 'POST' })).status).toBe(401);
    expect((await fetch(file())).status).toBe(403);
  });

  test('answers the link', async () => {
    await expectAnswers(await newLink(), await readmeOf(example));
  });

  test('refuses the link after three downloads, one of which was resumed', async () => {
    const link = await newLink();
    const statusOf = async (headers: Readonly<Record<string, string>> = {}) => {
      const response = await fetch(link, { headers });
      await response.arrayBuffer();
      return response.status;
    };
    expect(await statusOf({ Range: 'bytes=0-99' })).toBe(206);
    expect(await statusOf({ Range: 'bytes=100-' })).toBe(206);
    expect([await statusOf(), await statusOf()]).toEqual([200, 200]);
    await vi.waitFor(async () => expect(await statusOf({ Range: 'bytes=0-9' })).toBe(403), { timeout: 10_000 });
    expect(await (await fetch(link)).text()).toContain('urn:rangeway:problem:quota');
  });

  test('is accepted by wrangler', async () => {
    await example.run('npx wrangler deploy --dry-run --outdir dry');
  });
});
