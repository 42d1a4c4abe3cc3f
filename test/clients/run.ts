/**
 * Runs real programs against a running gateway:
 *
 *   node test/clients/run.ts --base URL --dir DIR --replace COMMAND --sign COMMAND [--only NAME,…]
 *
 * The gateway serves what fixtures.sh made in DIR. Each script gets, in its environment:
 *
 * - BASE_URL      the gateway; every file F of DIR is BASE_URL/F
 * - CUT_URL       the same, through a proxy that resets every connection after CUT_BYTES bytes
 * - CUT_ONCE_URL  the same, through a proxy that resets one connection only, after CUT_ONCE_BYTES bytes
 * - DIR           the files as they are served, to compare with
 * - WORK          an empty folder, also HOME and TMPDIR; removed afterwards
 * - REPLACE       a command: `$REPLACE KEY FILE` puts FILE in the place of the served object KEY at once
 * - SIGN          a command: `$SIGN URL --expires 10m` prints a link; every file F is BASE_URL/signed/F, too, behind links
 *
 * It exits with 0 and prints one line, `ok NAME: what was shown`, or says on stderr what differed.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startCuttingProxy } from './cutting-proxy.ts';

/** A connection carries this much of large.bin (50 MB), so a client needs six of them. */
const CUT_BYTES = 10_000_000;
const CUT_ONCE_BYTES = 4_000_000;
const LIMIT_MS = 60_000;

const scripts = [
  'curl.sh',
  'wget.sh',
  'aria2c.sh',
  'changed.sh',
  'zsync.sh',
  'zckdl.sh',
  'gdal.sh',
  'apt.sh',
  'ffmpeg.sh',
  'rclone.sh',
  'mirror.sh',
  'sftp.sh',
  'signed.sh',
  'chromium.ts',
];
const nameOf = (script: string): string => script.replace(/\.\w+$/, '');

interface Gateway {
  readonly base: URL;
  readonly dir: string;
  readonly replace: string;
  readonly sign: string;
}

interface Outcome {
  readonly ok: boolean;
  readonly text: string;
}

async function run(script: string, { base, dir, replace, sign }: Gateway): Promise<Outcome> {
  const work = mkdtempSync(join(tmpdir(), `rangeway-${nameOf(script)}-`));
  // Of its own for each script: which connection is the first must not depend on the script before it.
  const target = { host: base.hostname, port: Number(base.port || 80) };
  const cut = await startCuttingProxy({ listen: 0, target, bytes: CUT_BYTES });
  const cutOnce = await startCuttingProxy({ listen: 0, target, bytes: CUT_ONCE_BYTES, cuts: 1 });
  try {
    return await execute(script, {
      // Nothing else of this process's environment: a proxy or a user's .curlrc would change what is tested.
      PATH: process.env['PATH'],
      LANG: 'C.UTF-8',
      HOME: work,
      TMPDIR: work,
      WORK: work,
      DIR: dir,
      REPLACE: replace,
      SIGN: sign,
      BASE_URL: address(base, base.port),
      CUT_URL: address(base, cut.port),
      CUT_ONCE_URL: address(base, cutOnce.port),
    });
  } finally {
    cut.close();
    cutOnce.close();
    rmSync(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** The gateway's address without a slash at its end, at another port. */
function address(base: URL, port: number | string): string {
  const url = new URL(base);
  url.port = String(port);
  return url.href.replace(/\/$/, '');
}

function execute(script: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const path = join(import.meta.dirname, script);
  // A process group, so that what a script started ends with it.
  const child = spawn(script.endsWith('.ts') ? process.execPath : 'bash', [path], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Nothing of it is left.
    }
  };
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  const limit = setTimeout(() => {
    err += `not done after ${LIMIT_MS / 1000} s\n`;
    endGroup();
  }, LIMIT_MS);
  const interrupted = () => {
    endGroup();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => endGroup());
    child.once('close', (code) => {
      clearTimeout(limit);
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
      const line = out.trim();
      const ok = code === 0 && line.startsWith(`ok ${nameOf(script)}: `) && !line.includes('\n');
      resolve({ ok, text: ok ? line : `${err}${out}`.trim() || `exit ${code}, without a word` });
    });
  });
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      base: { type: 'string' },
      dir: { type: 'string' },
      replace: { type: 'string' },
      sign: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const { base, dir, replace, sign, only } = values;
  if (!base || !dir || !replace || !sign) {
    throw new Error('usage: run.ts --base URL --dir DIR --replace COMMAND --sign COMMAND [--only NAME,…]');
  }
  const names = only?.split(',');
  const unknown = names?.filter((name) => !scripts.some((script) => nameOf(script) === name));
  if (unknown?.length) throw new Error(`no script is named ${unknown.join(', ')}`);

  const gateway: Gateway = { base: new URL(base), dir, replace, sign };
  let passed = 0;
  let failed = 0;
  for (const script of scripts) {
    if (names && !names.includes(nameOf(script))) continue;
    const began = performance.now();
    const { ok, text } = await run(script, gateway);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    if (ok) passed += 1;
    else failed += 1;
    console.log(
      ok ? `${text} (${seconds} s)` : `FAILED ${nameOf(script)} (${seconds} s)\n${text.replace(/^/gm, '    ')}`,
    );
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
