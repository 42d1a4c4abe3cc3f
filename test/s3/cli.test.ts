import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { access, hasS3, newBucket } from './server.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

function start(bucket: string, command: string, secret: string = access.credentials.secretAccessKey) {
  const args = [
    MAIN,
    command,
    '--s3',
    bucket,
    '--endpoint',
    access.endpoint,
    '--path-style',
    '--prefix',
    'below/',
    '--port',
    '0',
  ];
  const env = { ...process.env, AWS_ACCESS_KEY_ID: access.credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: secret };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let err = '';
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  return { child, err: () => err };
}

describe.skipIf(!hasS3)('the command line over S3', () => {
  test.for(['serve', 'dev'])('%s --s3 serves what is below the prefix', async (command) => {
    const { bucket, put } = await newBucket();
    await put('below/digits', new TextEncoder().encode('0123456789'));
    const { child, err } = start(bucket, command);
    const found = await expect
      .poll(() => /(http:\/\/[\d.]+:\d+)\//.exec(err())?.[1], { timeout: 20_000 })
      .toBeDefined()
      .then(() => /(http:\/\/[\d.]+:\d+)\//.exec(err())?.[1]);
    const response = await fetch(`${found ?? ''}/digits`, { headers: { Range: 'bytes=-3' } });
    expect([response.status, await response.text(), response.headers.get('Content-Range')]).toEqual([
      206,
      '789',
      'bytes 7-9/10',
    ]);
    expect(err()).toContain(`s3://${bucket}/below/ is served`);
    child.kill('SIGTERM');
    await once(child, 'exit');
  });

  test('serve refuses to start with wrong credentials, and says what S3 said', async () => {
    const { bucket } = await newBucket();
    const { child, err } = start(bucket, 'serve', 'wrong');
    expect((await once(child, 'exit'))[0]).toBe(2);
    expect(err()).toContain(
      `rangeway: --s3 ${bucket} can't be read: StoreError: S3 GetObject failed with 403; caused by SignatureDoesNotMatch`,
    );
  });
});
