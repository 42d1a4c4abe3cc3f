import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { serveFunction } from '../../../src/cli/dev/function-url.ts';
import type { BufferedHandler } from '../../../src/platform/lambda/buffered.ts';
import { createGateway, fsStore, type NodeServer } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { dig, isRecord } from '../../infra/json.ts';
import { expectAnswers } from './answers.ts';
import { follow, type Followed } from './followed.ts';

describe('lambda-cloudfront', () => {
  let example: Followed;
  let out: string;
  const servers: NodeServer[] = [];
  beforeAll(async () => {
    example = await follow('lambda-cloudfront', {
      env: { CDK_DISABLE_CLI_TELEMETRY: 'true', CDK_DISABLE_VERSION_CHECK: 'true' },
    });
    out = join(example.folder, 'cdk.out');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    for (const server of servers) await server.stop(1_000);
    await example?.remove();
  });

  test('is a stack with a bucket, a function and a distribution that alone may call it', async () => {
    const template: unknown = JSON.parse(await readFile(join(out, 'Downloads.template.json'), 'utf8'));
    const resources = dig(template, 'Resources');
    const types = isRecord(resources) ? Object.values(resources).map((resource) => dig(resource, 'Type')) : [];
    for (const type of ['S3::Bucket', 'Lambda::Function', 'Lambda::Url', 'CloudFront::Distribution']) {
      expect(types).toContain(`AWS::${type}`);
    }
    expect(Object.keys(Object(dig(template, 'Outputs')))).toEqual(expect.arrayContaining(['Bucket', 'Address']));
    expect(JSON.stringify(template)).toContain('"AuthType":"AWS_IAM"');
    expect(JSON.stringify(template)).toContain('public, max-age=60, s-maxage=3600');
  });

  test('deploys a function that answers', async () => {
    const bucket = join(example.folder, 'storage/bucket');
    await mkdir(bucket, { recursive: true });
    const content = await readFile(join(example.folder, 'README.md'));
    await writeFile(join(bucket, 'hello.txt'), content);
    // As much of S3 as a read needs, over a folder.
    const store = fsStore(join(example.folder, 'storage'));
    const storage = await serve(createGateway({ store, observers: [{ end: () => undefined }] }), { port: 0 });
    servers.push(storage);
    const variables = {
      RANGEWAY_BUCKET: 'bucket',
      RANGEWAY_S3_ENDPOINT: storage.url,
      RANGEWAY_S3_PATH_STYLE: 'true',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
    };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    const assets = (await readdir(out, { recursive: true })).filter((file) => file.endsWith('index.mjs'));
    expect(assets).toHaveLength(1);
    const { handler }: { readonly handler: BufferedHandler } = await import(
      pathToFileURL(join(out, assets[0] ?? '')).href
    );
    const server = await serveFunction({ mode: 'buffered', handler }, { port: 0 });
    servers.push(server);
    await expectAnswers(`${server.url}/hello.txt`, content);
  });
});
