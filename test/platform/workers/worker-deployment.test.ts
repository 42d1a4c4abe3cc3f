import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { dryRun } from '../../../scripts/dry-run.ts';

const ROOT = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'rangeway-deployment-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The sizes that a page tells, in KiB. */
const [, SIZE_OVER_S3 = NaN, SIZE_OVER_R2 = NaN] = (
  /This Worker is (\d+) KiB gzip, the one over R2 (\d+) KiB/.exec(
    readFileSync(join(ROOT, 'docs/deploying.md'), 'utf8'),
  ) ?? []
).map(Number);

const isNear = (one: number, other: number) => Math.abs(one / other - 1) < 0.03;

test.concurrent.each([
  ['wrangler.toml', SIZE_OVER_R2],
  ['wrangler.s3.toml', SIZE_OVER_S3],
])('%s uploads what the build measures and a page tells, without a warning', async (config, told) => {
  const { file, output, uploaded } = await dryRun(config, mkdtempSync(join(folder, 'worker-')));
  expect(output).not.toMatch(/warning|error|\u25b2|\u2718/i);
  expect(isNear(uploaded, gzipSync(readFileSync(file), { level: 9 }).length)).toBe(true);
  expect(isNear(uploaded, told * 1024)).toBe(true);
});

/** Deploys a copy of wrangler.toml with more lines, and returns the lines of wrangler. */
async function deploy(added: string, args: readonly string[] = []): Promise<string> {
  const copy = join(mkdtempSync(join(folder, 'copy-')), 'wrangler.toml');
  const text = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8');
  const placed = text.replace('main = "', `main = "${ROOT}/`).replace('--quiet wrangler.toml', `--quiet ${copy}`);
  writeFileSync(copy, placed + added);
  return dryRun(copy, mkdtempSync(join(folder, 'worker-')), args).then(
    ({ output }) => output,
    (error: unknown) => JSON.stringify(error),
  );
}

test.concurrent.each<readonly [mistake: string, added: string, args: readonly string[], sentence: string]>([
  ['a wrong setting', '[vars.RANGEWAY]\nindexx = "a"', [], 'indexx: no such field'],
  ['an environment that wrangler would make up', '', ['--env', 's3'], 'there is no environment \\"s3\\", it has none'],
])('%s is refused before the upload', async (_, added, args, sentence) => {
  const output = await deploy(added, args);
  expect(output).toContain(sentence);
  expect(output).not.toContain('Total Upload');
});

test.concurrent('without credentials, wrangler dev names the secrets, and a request is answered and logged without a stack', async () => {
  const { AWS_ACCESS_KEY_ID: _i, AWS_SECRET_ACCESS_KEY: _s, ...env } = process.env;
  const wrangler = spawn(
    process.execPath,
    [join(ROOT, 'node_modules/wrangler/bin/wrangler.js'), 'dev', '-c', 'wrangler.s3.toml', '--port', '0'],
    {
      cwd: ROOT,
      env: { ...env, WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  try {
    let output = '';
    const says = async (pattern: RegExp) => {
      while (!pattern.test(output)) await new Promise((resolve) => wrangler.stdout.once('data', resolve));
      return pattern.exec(output)?.[1] ?? '';
    };
    for (const stream of [wrangler.stdout, wrangler.stderr]) stream.on('data', (text) => (output += String(text)));
    const url = await says(/Ready on (http:\S+)/);
    expect(output).toContain(
      'Missing required secrets: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY. Add them to .dev.vars',
    );
    expect((await fetch(`${url}/key`)).status).toBe(503);
    await says(/(the Worker needs AWS_ACCESS_KEY_ID, a secret: wrangler secret put)/);
    expect(output).not.toMatch(/^ +at /m);
  } finally {
    wrangler.kill();
  }
});
