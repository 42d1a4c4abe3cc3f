import { execFileSync } from 'node:child_process';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { firstSentence, parseDocstring } from '../../scripts/reference/docstring.ts';
import { documentedExports } from '../../scripts/reference/exports.ts';
import { docOf } from '../../scripts/reference/setting-docs.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { parseCommandLine } from '../../src/cli/options.ts';
import { settingsEntries } from '../../src/config/settings.ts';
import { checkConfig, parseConfig, PLATFORM_TYPES, PLATFORMS } from '../../src/platform/checked-config.ts';
import { ROOT } from '../examples/entries.ts';
import { readPages } from '../examples/pages.ts';

const pages = await readPages();

/** The cells of the tables of a page, without their backticks. */
function rowsOf(name: string): readonly (readonly string[])[] {
  const text = pages.find(({ path }) => path === `docs/${name}`)?.text ?? '';
  return text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

describe('the pages of the reference', () => {
  test('are those that the code gives', { timeout: 60_000 }, () => {
    const args = ['scripts/reference.ts', '--check'];
    expect(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })).toBe('');
  });

  test('have the defaults that a configuration gets', () => {
    const defaults = new Map(
      rowsOf('reference-configuration.md').map(([field = '', , byDefault = '']) => [field, byDefault]),
    );
    const { mounts, limits, ...common } = parseConfig({});
    const [mount] = mounts;
    expect(defaults.get('blocks.ttl')).toBe(mount?.blocks.ttl.toLocaleString('en'));
    expect(defaults.get('ranges.nearGap')).toBe(mount?.ranges.nearGap.toLocaleString('en'));
    expect(defaults.get('limits.idleTimeout')).toBe(limits.idleTimeout.toLocaleString('en'));
    expect(defaults.get('logged')).toBe(`"${common.logged}"`);
  });

  test('name the platforms that take a store, and no other', () => {
    const names = { node: 'Node', workers: 'Workers', lambda: 'Lambda' } as const;
    const stores = {
      r2: { type: 'r2', binding: 'BUCKET' },
      s3: { type: 's3', bucket: 'bucket' },
      dir: { type: 'dir', path: '.' },
    } as const;
    const rows = rowsOf('reference-configuration-types.md');
    for (const [type, store] of Object.entries(stores)) {
      const [, on = ''] = rows.find(([first]) => first === `"${type}"`) ?? [];
      const [own = ''] = on.split(';');
      const config = parseConfig({ mounts: [{ store }] });
      for (const platform of PLATFORMS) {
        const check = () => checkConfig(config, platform);
        if (own.includes(names[platform])) expect(check, `${type} on ${platform}`).not.toThrow();
        else expect(check, `${type} on ${platform}`).toThrow('store');
      }
    }
    expect(PLATFORM_TYPES.node.store).toEqual(['s3', 'dir']);
  });

  test('have the options of each command', () => {
    const options = ['', '-downloads', '-administration'].flatMap((part) =>
      rowsOf(`reference-command-line${part}.md`).map(([call = '']) => /--([\w-]+)/.exec(call)?.[1]),
    );
    const expected = COMMANDS.flatMap((one) => one.options.map(({ name }) => name));
    expect(options.filter((name) => name !== undefined).toSorted()).toEqual(expected.toSorted());
  });
});

/** The words of a command line; the examples quote no spaces. */
function wordsOf(line: string): readonly string[] {
  const [call = ''] = line.split(/ [|>] /);
  return call
    .replace(/^.*?rangeway /, '')
    .split(' ')
    .map((word) => word.replaceAll("'", ''));
}

test.for(COMMANDS.flatMap((spec) => spec.examples.map(([line]) => ({ spec, line }))))(
  'the example of the help is a command line: $line',
  ({ spec, line }) => {
    const [name, ...args] = wordsOf(line);
    expect(name).toBe(spec.name);
    expect(() => parseCommandLine(args, spec)).not.toThrow();
  },
);

describe('docstrings', () => {
  test('are parsed into their text and their tags', () => {
    const { text, tags } = parseDocstring(
      '\n Two lines\n of text.\n\n More.\n\n @default 5,\n the second line\n @see a\n',
    );
    expect(text).toBe('Two lines of text. More.');
    expect([...tags]).toEqual([
      ['default', '5, the second line'],
      ['see', 'a'],
    ]);
  });

  test.for([
    ['Reads a file. Then it ends.', 'Reads a file'],
    ['Reads files, such as a.bin or b.bin', 'Reads files, such as a.bin or b.bin'],
    ['The front: - `a`: one. - `b`: two.', 'The front'],
  ] as const)('have the first sentence of %s', ([text, sentence]) => {
    expect(firstSentence({ text, tags: new Map() })).toBe(sentence);
  });

  test('of a setting that has none fail the reference', () => {
    expect(() => docOf({ ...settingsEntries, unknown: v.string() }, 'unknown')).toThrow('has no docstring');
  });

  test('of exports that a file passes on are found, with their parameters', () => {
    const exports = documentedExports('src/platform/s3/index-node.ts');
    expect(exports.find(({ name }) => name === 's3Store')?.signature).toBe('s3Store(client, options)');
    expect(exports.find(({ name }) => name === 'S3Access')).toMatchObject({ kind: 'type' });
  });
});
