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
    readFileSync(join(ROOT, 'docs/start-cloudflare.md'), 'utf8'),
  ) ?? []
).map(Number);

/** wrangler takes two seconds, and many on a busy machine. */
const TIMEOUT = 120_000;

const isNear = (one: number, other: number) => Math.abs(one / other - 1) < 0.03;

test.concurrent.each([
  ['wrangler.toml', SIZE_OVER_R2],
  ['wrangler.s3.toml', SIZE_OVER_S3],
])(
  '%s uploads what the build measures and a page tells, without a warning',
  { timeout: TIMEOUT },
  async (config, told) => {
    const { file, output, uploaded } = await dryRun(config, mkdtempSync(join(folder, 'worker-')));
    expect(output).not.toMatch(/warning|error|\u25b2|\u2718/i);
    expect(isNear(uploaded, gzipSync(readFileSync(file), { level: 9 }).length)).toBe(true);
    expect(isNear(uploaded, told * 1024)).toBe(true);
  },
);

test.concurrent('a wrong setting is refused before the upload', { timeout: TIMEOUT }, async () => {
  const copy = join(folder, 'wrangler.toml');
  const text = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8');
  const placed = text.replace('main = "', `main = "${ROOT}/`).replace('--quiet wrangler.toml', `--quiet ${copy}`);
  writeFileSync(copy, `${placed}[vars.RANGEWAY]\nindexx = "a"\n`);
  const output = await dryRun(copy, mkdtempSync(join(folder, 'worker-'))).then(
    (deployed) => deployed.output,
    (error: unknown) => JSON.stringify(error),
  );
  expect(output).toContain('indexx: no such field');
  expect(output).not.toContain('Total Upload');
});

test.concurrent(
  'without credentials, wrangler dev names the secrets, and no stack is logged',
  { timeout: TIMEOUT },
  async ({ onTestFinished }) => {
    const { AWS_ACCESS_KEY_ID: _i, AWS_SECRET_ACCESS_KEY: _s, ...env } = process.env;
    // An empty file instead of .dev.vars, in which a checkout may have keys.
    const variables = join(folder, 'variables');
    writeFileSync(variables, '');
    const options = ['dev', '-c', 'wrangler.s3.toml', '--port', '0', '--env-file', variables];
    const wrangler = spawn(process.execPath, [join(ROOT, 'node_modules/wrangler/bin/wrangler.js'), ...options], {
      cwd: ROOT,
      env: { ...env, WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void wrangler.kill());
    let output = '';
    for (const stream of [wrangler.stdout, wrangler.stderr]) stream.on('data', (text) => (output += String(text)));
    const says = async (pattern: RegExp) => {
      while (!pattern.test(output) && wrangler.exitCode === null) {
        await new Promise((resolve) => wrangler.once('exit', resolve).stdout.once('data', resolve));
      }
      expect(output).toMatch(pattern);
      return pattern.exec(output)?.[1] ?? '';
    };
    const url = await says(/Ready on (http:\S+)/);
    expect(output).toMatch(/Missing required secrets: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY. Add them to .dev.vars/);
    expect((await fetch(`${url}/key`)).status).toBe(502);
    await says(/(the Worker needs AWS_ACCESS_KEY_ID, a secret: wrangler secret put)/);
    expect(output).not.toMatch(/^ +at /m);
  },
);
