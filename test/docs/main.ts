/**
 * Runs every command of README, docs/ and CONTRIBUTING in the order of its page: `npm run test:docs`. Each page has a copy of
 * the checkout and a shell of its own. Placeholders such as BUCKET get values, ports are free ones, deployments are dry;
 * test/docs/treatments.ts says what is done with each command. Status, header fields and output that a page shows are
 * compared. Buckets are Ceph's: needs the packages of test/docs/packages.txt and test/s3/packages.txt.
 *
 *   npm run test:docs [-- PAGE…]     all pages, or those whose path contains the text
 */
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { KEYS_TEXT } from '../access/links.ts';
import { ROOT } from '../examples/entries.ts';
import { hasTriedCommands, readPages, type Page } from '../examples/pages.ts';
import { reportSkipped } from '../full.ts';
import { sampleFiles } from '../../src/cli/dev/samples.ts';
import { hasCeph, startCeph } from '../s3/ceph.ts';
import { identity } from '../s3/identity.ts';
import { commandsOf, fencesOf, type Command } from './blocks.ts';
import { differences, logDifferences, shownCode } from './output.ts';
import { pageServers, type PageServers } from './page-servers.ts';
import { runCommand, type Session } from './session.ts';
import { ruleOf } from './treatments.ts';

/** In ms: of a command, and until a server prints its address. */
const LIMIT = 120_000;

const TOKEN = '0123456789abcdef0123456789abcdef';
const BUCKET = 'documented';

const work = mkdtempSync(join(tmpdir(), 'rangeway-commands-'));
const samples = join(work, 'samples');
let passed = 0;
let failed = 0;

function report(what: string, problems: readonly string[], started: number): void {
  const took = ((performance.now() - started) / 1000).toFixed(1);
  if (problems.length === 0) {
    passed++;
    console.log(`ok   ${what} (${took} s)`);
  } else {
    failed++;
    console.log(`FAIL ${what} (${took} s)\n${problems.join('\n').replaceAll(/^/gm, '     ')}`);
  }
}

/** Files of the checkout that are made, not written. */
const MADE = new Set(['node_modules', 'dist', 'coverage', '.git', '.rangeway', '.wrangler', 'cdk.out']);

/** A copy of the checkout, with the changes that are not committed. */
function copyCheckout(): string {
  const clone = mkdtempSync(join(work, 'clone-'));
  cpSync(ROOT, clone, { recursive: true, filter: (path) => !MADE.has(basename(path)) });
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  return clone;
}

function sessionIn(clone: string, endpoint: string | undefined): Session {
  const bin = join(clone, '.bin');
  mkdirSync(bin);
  symlinkSync(join(clone, 'bin/rangeway.js'), join(bin, 'rangeway'));
  const path = `${bin}:${join(clone, 'node_modules/.bin')}:${process.env['PATH']}`;
  const env = {
    ...process.env,
    PATH: path,
    NO_COLOR: '1',
    // npx asks before it fetches a program.
    npm_config_yes: 'true',
    WRANGLER_SEND_METRICS: 'false',
    RANGEWAY_KEYS: KEYS_TEXT,
    RANGEWAY_PURGE_TOKEN: TOKEN,
    ADMIN_TOKEN: TOKEN,
    TRANSFERS_SECRET: TOKEN,
    AWS_REGION: identity.region,
    AWS_ACCESS_KEY_ID: identity.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: identity.credentials.secretAccessKey,
    ENDPOINT: endpoint,
    CLONE: clone,
    PACKED: join(work, 'rangeway.tgz'),
  };
  return { cwd: clone, env };
}

/** What the servers over S3 and over a folder have. */
async function prepare(endpoint: string | undefined): Promise<void> {
  const files = await sampleFiles(samples);
  execFileSync('cp', ['-r', `${ROOT}/samples/.`, samples]);
  // A date becomes a strong validator a minute after it (RFC 9110 §8.8.2.2), and pages show a gateway with older files.
  const anHourAgo = new Date(Date.now() - 3_600_000);
  for (const { path } of files) utimesSync(path, anHourAgo, anHourAgo);
  if (!existsSync(join(ROOT, 'dist/cli/main.js'))) {
    execFileSync('npm', ['run', 'build'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', work], { cwd: ROOT });
  execFileSync('bash', ['-c', `mv "${work}"/rangeway-*.tgz "${work}/rangeway.tgz"`]);
  if (endpoint === undefined) {
    reportSkipped('commands over S3', 'because radosgw is not installed; the packages are in test/s3/packages.txt');
    return;
  }
  const client = new S3Client({ ...identity, endpoint, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  for (const { key, path } of files) {
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: readFileSync(path) }));
  }
  client.destroy();
}

/** Runs the commands of a page, and compares its lines of a log with what its server logged. */
async function runPage(page: Page, endpoint: string | undefined): Promise<void> {
  const commands = commandsOf(page);
  if (commands.length === 0) return;
  const session = sessionIn(copyCheckout(), endpoint);
  const servers = pageServers(session, samples);
  try {
    for (const command of commands) {
      const began = performance.now();
      const problems = await runOne(page, command, session, servers).catch((error: unknown) => [String(error)]);
      if (problems !== undefined) report(`${command.place}: ${command.text.split('\n')[0]}`, problems, began);
    }
    for (const { place, text } of fencesOf(page).filter((fence) => fence.text.startsWith('{"method":'))) {
      const log = (await servers.current()).output();
      report(`${place}: lines of the log`, logDifferences(text, log), performance.now());
    }
  } finally {
    await servers.stop();
  }
}

/** @returns how the command differs from what its page says; undefined if it is not run here */
async function runOne(
  page: Page,
  command: Command,
  session: Session,
  servers: PageServers,
): Promise<readonly string[] | undefined> {
  const { text } = command;
  const rule = ruleOf(text);
  if (rule === undefined) return ['has no rule in test/docs/treatments.ts'];
  const { treatment } = rule;
  if (treatment.type === 'job') return skip(command, `a job of .ci/run: ${treatment.job}`);
  if (treatment.type === 'not run') return skip(command, treatment.reason);
  if (/--s3 BUCKET/.test(text) && session.env['ENDPOINT'] === undefined) return skip(command, 'there is no Ceph');
  inFolder(command, session);
  writeConfig(page, command, session);
  writeNamedFiles(page, command, session);
  const asked = /127\.0\.0\.1:8787|(?:downloads|old|new)\.example| --url URL/.test(text)
    ? (await servers.current()).url
    : undefined;
  const filled = fillIn(treatment.as?.(text, command.isInline) ?? text, session, asked);
  if (treatment.type === 'serve') return servers.start(filled, command.isInline);
  if (/^[A-Z_]+=(?:\S+|"\$\(.*\)")$|^set -a; /.test(filled)) return assign(filled, session);
  const { code, output } = await runCommand(filled, session, LIMIT);
  const problems = differences(command, output);
  const wanted = shownCode(command);
  if (code === wanted && problems.length === 0) return [];
  return [`ended with ${code}, not ${wanted}`, ...problems, filled, output.slice(-3_000)];
}

/** From `npm init` on, the blocks of a page run in a folder of their own; its sentences run in the checkout. */
function inFolder({ text, isInline }: Command, session: Session): void {
  const { env } = session;
  if (text.startsWith('npm init ')) env['OWN'] = mkdtempSync(join(work, 'own-'));
  session.cwd = (isInline ? undefined : env['OWN']) ?? env['CLONE'] ?? session.cwd;
}

/** Runs an assignment, and keeps the variables for the commands that follow. */
async function assign(command: string, session: Session): Promise<readonly string[]> {
  const file = join(work, 'variables');
  const { code, output } = await runCommand(`set -ae; ${command}; env -0 >${file}`, session, LIMIT);
  if (code !== 0) return [`ended with ${code}`, output];
  for (const line of readFileSync(file, 'utf8').split('\0')) {
    const [, name, value] = /^(\w+)=([^]*)$/.exec(line) ?? [];
    if (name !== undefined) session.env[name] = value;
  }
  return [];
}

/** Writes the files that a page shows before a command: blocks whose first line is a remark with the name of the file. */
function writeNamedFiles(page: Page, { index, isInline }: Command, { cwd }: Session): void {
  if (isInline) return;
  for (const { text } of fencesOf(page).filter((fence) => fence.index < index)) {
    const [, name] = /^# ([\w-]+\.toml)\n/.exec(text) ?? [];
    if (name !== undefined) writeFileSync(join(cwd, name), text);
  }
}

function skip({ place, text }: Command, reason: string): undefined {
  console.log(`--   ${place}: ${text}: ${reason}`);
  return undefined;
}

/** Gives placeholders their values. */
function fillIn(command: string, { env }: Session, url: string | undefined): string {
  const where = command.includes('--endpoint') ? '' : ' --endpoint "$ENDPOINT" --path-style';
  return (
    command
      .replaceAll(/\b[A-Z_]+=… /g, '')
      .replace('--dir DIR', `--dir ${samples}`)
      .replace('--s3 BUCKET', `--s3 ${BUCKET}${where}`)
      .replace('--endpoint URL', `--endpoint ${env['ENDPOINT']}`)
      // The files of the system are in the folder of the page.
      .replaceAll(/(?<=[ =])\/(?=(?:opt|srv|etc)\/)/g, 'root/')
      .replaceAll('http://127.0.0.1:8787', url ?? '$&')
      .replace(/https:\/\/(?:old|new)\.example\.com\/some\/object/, `${url}/large.bin`)
      .replace('https://downloads.example.com', url ?? '$&')
  );
}

/** Writes the configuration that a command names: the next JSON of its page, else the last one. */
function writeConfig(page: Page, { text, index }: Command, { cwd }: Session): void {
  const [, path] = /(?:--config|config check) (\S+\.json)/.exec(text) ?? [];
  if (path === undefined) return;
  const name = path.replace(/^\//, 'root/');
  const blocks = fencesOf(page).filter(({ language }) => language === 'json');
  const block = blocks.find((one) => one.index > index) ?? blocks.at(-1);
  if (block === undefined) throw new Error(`${page.path} shows no ${name}`);
  mkdirSync(dirname(join(cwd, name)), { recursive: true });
  writeFileSync(join(cwd, name), block.text);
}

const { endpoint, stop: stopStorage } = hasCeph() ? await startCeph() : { endpoint: undefined, stop: () => undefined };
try {
  await prepare(endpoint);
  const only = process.argv.slice(2);
  for (const page of await readPages()) {
    if (!hasTriedCommands(page)) continue;
    if (only.length === 0 || only.some((text) => page.path.includes(text))) await runPage(page, endpoint);
  }
} finally {
  stopStorage();
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
