import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'parse5';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import { COMMANDS } from '../../src/cli/commands.ts';
import { config } from '../../src/cli/config.ts';
import { parseConfig } from '../../src/config/config.ts';
import { KEYS_TEXT } from '../access/links.ts';
import { ENTRIES, ROOT } from '../examples/entries.ts';
import { hasTriedCommands, readPages } from '../examples/pages.ts';
import { commandsOf, fencesOf, inlineCode, type Fence } from './blocks.ts';
import { messageOf, PROGRAMS } from './checks.ts';
import { RULES, ruleOf } from './treatments.ts';

const pages = (await readPages()).filter(hasTriedCommands);
const fences = pages.flatMap(fencesOf);
const commands = pages.flatMap(commandsOf);
const withLanguage = (...languages: readonly string[]) => fences.filter(({ language }) => languages.includes(language));

/** The CORS rules of a bucket, and no configuration of the gateway. */
const isBucketCors = ({ text }: Fence) => text.includes('"AllowedOrigins"');

/** Text that no program reads, by what it shows. */
const TEXTS = {
  drawing: /[│▼▶─]/,
  log: /^\{"method":/,
  'signed text': /^rangeway-link-1\n/,
  listing: /^\[\n\{"name":/,
  // test/observe/metrics compares their columns and fields with those that are written.
  query: /^(?:SELECT|fields) /,
  field: /^[A-Z][\w-]*: \S/,
} as const;
const textsOf = (kind: keyof typeof TEXTS) => withLanguage('', 'text').filter(({ text }) => TEXTS[kind].test(text));

/** Languages of the blocks that a test checks. Commands are run by test/docs/main.ts, Python by test/digests. */
const LANGUAGES = new Set([
  'sh',
  'bash',
  'console',
  'json',
  'toml',
  'ts',
  'js',
  'html',
  'python',
  ...Object.keys(PROGRAMS),
]);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-documented-'));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  vi.stubEnv('RANGEWAY_KEYS', KEYS_TEXT);
  vi.stubEnv('RANGEWAY_PURGE_TOKEN', '0123456789abcdef0123456789abcdef');
  vi.stubEnv('ADMIN_TOKEN', '0123456789abcdef0123456789abcdef');
  vi.stubEnv('TRANSFERS_SECRET', '0123456789abcdef0123456789abcdef');
  vi.stubEnv('USERS', 'ann:a long password');
  // No bucket of a page is asked.
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE']) vi.stubEnv(name, '');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test('a test checks each block of each page', () => {
  const unknown = fences.filter(
    ({ language, text }) =>
      !LANGUAGES.has(language) &&
      !(['', 'text'].includes(language) && Object.values(TEXTS).some((pattern) => pattern.test(text))),
  );
  expect(unknown.map(({ place, language }) => `${place}: no check for a block of "${language}"`)).toEqual([]);
});

test('listings are JSON', () => {
  for (const { text } of textsOf('listing')) expect(Array.isArray(JSON.parse(text))).toBe(true);
});

test.for(withLanguage('html'))('$place is HTML without a mistake', ({ text }) => {
  const mistakes: string[] = [];
  parse(text, { onParseError: ({ code, startLine }) => mistakes.push(`line ${startLine}: ${code}`) });
  expect(mistakes).toEqual([]);
});

test('each command has a rule, and each rule that leaves commands to others a command', () => {
  const unknown = commands.filter(({ text }) => ruleOf(text) === undefined);
  expect(unknown.map(({ place, text }) => `${place}: ${text}`)).toEqual([]);
  const used = new Set(commands.map(({ text }) => ruleOf(text)));
  const leaving = RULES.filter(({ treatment: { type } }) => type === 'job' || type === 'not run');
  expect(leaving.filter((rule) => !used.has(rule)).map(({ matches }) => String(matches))).toEqual([]);
});

test('each job that runs commands of pages is a job of .ci/run', () => {
  const lines = readFileSync(join(ROOT, '.ci/run'), 'utf8').split('\n');
  const jobs = RULES.flatMap(({ treatment }) => (treatment.type === 'job' ? [treatment.job] : []));
  const isJob = (job: string) => lines.some((line) => /^check .* \d+ /.test(line) && line.endsWith(` ${job}`));
  expect(jobs.filter((job) => !isJob(job))).toEqual([]);
});

/** Options of programs that are not ours, and of scripts of this project. */
const OTHER_OPTIONS = new Set(['env', 'immutable', 'max-semi-space-size', 'no-pin', 'remote', 'smoke', 'tests']);

test('each option that a page names is an option of a command', () => {
  const names = new Set(COMMANDS.flatMap(({ options }) => options.map(({ name }): string => name)));
  const unknown = pages
    .flatMap(inlineCode)
    .filter(({ text }) => /^--[a-z]/.test(text))
    .filter(({ text }) => {
      const [, name = ''] = /^--([\w-]+)/.exec(text) ?? [];
      return !names.has(name) && !OTHER_OPTIONS.has(name);
    });
  expect(unknown.map(({ place, text }) => `${place}: ${text}`)).toEqual([]);
});

/** Runs `rangeway config check` on a block, as a file of that name. */
async function check(name: string, text: string, platform: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  let printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    printed += String(chunk);
    return true;
  });
  await config(['check', file, '--for', platform]);
  return printed;
}

/** The folders that a block names are made here. */
async function withFolders(text: string): Promise<string> {
  const paths = [...text.matchAll(/"(?:path|folder)": *"(\/(?:srv|var)\/[^"]+)"/g)].map(([, path = '']) => path);
  for (const path of paths) await mkdir(join(folder, path), { recursive: true });
  return paths.reduce((all, path) => all.replaceAll(`"${path}"`, JSON.stringify(join(folder, path))), text);
}

/** Stores, caches and settings that Lambda lacks. */
const NODE_ONLY = /"type": "(?:dir|disk)"|"bucket"|"host"|"trustedProxies"/;

/** The buckets that a block names, bound to the Worker. */
function buckets(text: string): string {
  const names = new Set([...text.matchAll(/binding = "(\w+)"/g)].map(([, name = '']) => name));
  return ['BUCKET', ...names]
    .map((name, i) => `[[r2_buckets]]\nbinding = "${name}"\nbucket_name = "bucket-${i}"\n`)
    .join('');
}

/** The secrets of the Worker. */
const SECRETS =
  '[secrets]\nrequired = ["RANGEWAY_KEYS", "RANGEWAY_PURGE_TOKEN", "USERS", "ADMIN_TOKEN", "TRANSFERS_SECRET"]\n';

function secrets(text: string): string {
  return text.includes('[secrets]') ? '' : SECRETS;
}

describe('configurations', () => {
  test.for(withLanguage('json').filter((fence) => !isBucketCors(fence)))(
    'config check takes $place for Node, and for Lambda',
    async ({ text, place }) => {
      const name = `${place.replaceAll(/\W/g, '-')}.json`;
      expect(await check(name, await withFolders(text), 'node')).toContain('mount ');
      if (!NODE_ONLY.test(text)) expect(await check(name, text, 'lambda')).toContain('mount ');
    },
  );

  test.for(withLanguage('toml'))('config check takes $place for Workers', async ({ text, place }) => {
    const name = `${place.replaceAll(/\W/g, '-')}.toml`;
    const worker = /^name = /m.test(text) ? text : `name = "x"\n${text}\n${buckets(text)}\n${secrets(text)}`;
    expect(await check(name, worker, 'workers')).toContain('mount ');
  });

  test('config check refuses a block with a mistake', async () => {
    await expect(check('wrong.json', '{ "cacheControll": "no-cache" }', 'node')).rejects.toThrow('cacheControll');
    await expect(check('wrong.toml', 'name = "x"\n[vars.RANGEWAY]\nindx = "a"', 'workers')).rejects.toThrow('indx');
  });

  test('the examples of mounts give the same paths, prefixes and rules in both forms', async () => {
    const places = (input: unknown) =>
      parseConfig(input).mounts.map(({ path, host, prefix, access, cacheControl, index, fallback }) => [
        path,
        host,
        prefix,
        access,
        cacheControl,
        index,
        fallback === undefined,
      ]);
    const blockOf = (language: string, text: string) =>
      withLanguage(language).find((fence) => fence.place.startsWith('docs/configuration') && fence.text.includes(text));
    const file = join(folder, 'mounts.toml');
    await writeFile(file, `name = "x"\n${blockOf('toml', 'mounts]]')?.text}`);
    const { vars } = unstable_readConfig({ config: file }, { hideWarnings: true });
    const json: unknown = JSON.parse(blockOf('json', 'mounts')?.text ?? '');
    expect(places(vars['RANGEWAY'])).toEqual(places(json));
    expect(places(json)).toHaveLength(4);
  });
});

describe('configurations of other programs', () => {
  test.for(Object.keys(PROGRAMS).flatMap((language) => withLanguage(language)))(
    'its program takes $place',
    async ({ text, language, place }) => {
      expect((await messageOf(language, text, join(folder, place.replaceAll(/\W/g, '-')))) ?? '').toBe('');
    },
  );

  test('the workflow of this project is right, and a mistake in one is told', async () => {
    const workflow = readFileSync(join(ROOT, '.github/workflows/ci.yml'), 'utf8');
    expect(await messageOf('yaml', workflow, join(folder, 'ci'))).toBe('');
    expect(workflow).toMatch(/^ +- run: bash \.ci\/run$/m);
    const wrong = workflow.replace('github.ref', 'github.reff');
    expect(await messageOf('yaml', wrong, join(folder, 'wrong-ci'))).toContain('reff');
  });

  test('nginx refuses a mistake', async () => {
    const message = await messageOf('nginx', 'location / { proxy_bufering off; }', join(folder, 'wrong'));
    expect(message ?? 'proxy_bufering').toContain('proxy_bufering');
  });
});

// The `ts` blocks are compiled by test/examples/library.test.ts.
test.for(withLanguage('js'))('the stack of $place is synthesised', async ({ text }) => {
  const code = join(folder, 'code');
  await mkdir(code);
  await writeFile(join(code, 'index.mjs'), '');
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const file = join(folder, 'stack.mjs');
  // The construct from its source, and without the function that the build bundles.
  const stack = text
    .replace("'rangeway/cdk'", JSON.stringify(join(ROOT, ENTRIES['rangeway/cdk'])))
    .replace(/new Rangeway\(this, '\w+', \{/, `$& code: ${JSON.stringify(code)},`);
  const [, name = ''] = /export class (\w+) extends Stack/.exec(text) ?? [];
  await writeFile(
    file,
    `import { App } from 'aws-cdk-lib';\n${stack}\nconst app = new App({ outdir: 'cdk.out' });\nnew ${name}(app, 'A');\napp.synth();\n`,
  );
  const { status, stderr } = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  expect(existsSync(join(folder, 'cdk.out/A.template.json'))).toBe(true);
});

const keysOf = (line: string): readonly string[] => Object.keys(Object(JSON.parse(line)));

test('a line of the log that a page shows has fields that docs/operations.md explains', () => {
  const operations = pages.find(({ path }) => path === 'docs/operations.md')?.text ?? '';
  const [rows = ''] = /(?<=## The log\n)[^]*?(?=\n\n[A-Z]The query|\n## )/.exec(operations) ?? [];
  const explained = new Set([...rows.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  const lines = textsOf('log').flatMap(({ text }) => text.trimEnd().split('\n'));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.flatMap(keysOf).filter((name) => !explained.has(name))).toEqual([]);
});

test('the text that a link signs has the lines of the test vectors', () => {
  const vectors: { readonly links: readonly { readonly text: string }[] } = JSON.parse(
    readFileSync(join(ROOT, 'docs/link-vectors.json'), 'utf8'),
  );
  const namesOf = (text: string) => text.split('\n').map((line) => line.split('=')[0]);
  for (const { text } of textsOf('signed text') satisfies readonly Fence[]) {
    const lines = namesOf(text.trimEnd());
    for (const vector of vectors.links) {
      const names = namesOf(vector.text);
      expect(names.slice(0, lines.length)).toEqual(lines);
      // Quotas have a line only if they are present.
      const quotas = names.slice(lines.length);
      expect(['downloads', 'bytes', 'connections'].filter((name) => quotas.includes(name))).toEqual(quotas);
    }
  }
});
