import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';

const ROOT = join(import.meta.dirname, '../..');
const node = (...args: readonly string[]) => execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });

test('schema.json is what the schema in code gives', () => {
  expect(node('scripts/schema.ts', '--check')).toBe('');
});

test('rangeway config --schema prints it', () => {
  expect(node('src/cli/main.ts', 'config', '--schema')).toBe(readFileSync(join(ROOT, 'schema.json'), 'utf8'));
});

test('a configuration may name it for editors', () => {
  const { mounts } = parseConfig({ $schema: './node_modules/rangeway/schema.json', index: 'index.html' });
  expect(mounts).toMatchObject([{ index: 'index.html' }]);
  expect(mounts[0]).not.toHaveProperty('$schema');
  expect(() => parseConfig({ mounts: [{ $schema: 'x' }] })).toThrow(/mounts\.0/);
});

test('it names each setting of a mount, each store, cache and rule', () => {
  const schema = readFileSync(join(ROOT, 'schema.json'), 'utf8');
  for (const name of ['cacheControl', 'parallelReads', 'blocks', 'headers', 'overflow', 'fallback', 'trustedProxies']) {
    expect(schema).toContain(`"${name}": {`);
  }
  for (const type of [
    'r2',
    's3',
    'dir',
    'memory',
    'disk',
    'tiered',
    'workers',
    'signed',
    'basic',
    'ip',
    'referer',
    'jwt',
  ]) {
    expect(schema).toContain(`"const": "${type}"`);
  }
});
