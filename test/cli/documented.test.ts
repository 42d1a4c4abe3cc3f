import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import { parseConfig, type Config } from '../../src/config/config.ts';
import { openNodeConfig } from '../../src/platform/node/index.ts';
import { checkConfig } from '../../src/platform/checked-config.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { KEYS_TEXT } from '../access/links.ts';

const pages = await Promise.all(
  ['configuration', 'rules'].map((name) =>
    readFile(fileURLToPath(new URL(`../../docs/${name}.md`, import.meta.url)), 'utf8'),
  ),
);
const examples = (language: string) =>
  [...pages.join('\n').matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text);

const readVariables = (config: string): Record<string, unknown> =>
  unstable_readConfig({ config }, { hideWarnings: true }).vars;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-documented-'));
  process.env['RANGEWAY_KEYS'] = KEYS_TEXT;
});
afterAll(async () => {
  delete process.env['RANGEWAY_KEYS'];
  await rm(folder, { recursive: true });
});

/** The folder of a mount is one that exists here. */
function withFolder<Mount extends Config['mounts'][number]>(mount: Mount): Mount {
  return mount.store?.type === 'dir' ? { ...mount, store: { ...mount.store, path: folder } } : mount;
}

test.for([...examples('json').entries()])('example %i in JSON opens on Node', async ([, text]) => {
  const config = parseConfig(JSON.parse(text));
  checkConfig(config);
  const { mounts } = await openNodeConfig({ ...config, mounts: config.mounts.map(withFolder) }, memoryStore());
  expect(mounts).toHaveLength(config.mounts.length);
});

test.for([...examples('toml').entries()])('example %i in TOML is read as wrangler reads it', async ([i, text]) => {
  const file = join(folder, `${i}.toml`);
  await writeFile(file, `name = "x"\n${text}`);
  const { RANGEWAY: input } = readVariables(file);
  expect(input).toBeDefined();
  checkConfig(parseConfig(input));
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
  const toml = examples('toml').find((text) => text.includes('mounts]]')) ?? '';
  const file = join(folder, 'mounts.toml');
  await writeFile(file, `name = "x"\n${toml}`);
  const json: unknown = JSON.parse(examples('json').find((text) => text.includes('mounts')) ?? '');
  expect(places(readVariables(file)['RANGEWAY'])).toEqual(places(json));
  expect(places(json)).toHaveLength(4);
});
