import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { bundleHandler, HANDLERS } from '../../infra/bundle.ts';
import { makeFolder } from './folder.ts';
import type { Json } from './json.ts';

const ROOT = join(import.meta.dirname, '../..');

/** What the handler may weigh, in bytes, minified: the S3 client with its search for credentials, hono, valibot and all of Rangeway. */
const ASSET_LIMIT = 650 * 1024;

/** Runs the app as the CDK's command line does. */
function runApp(context: Json) {
  const folder = makeFolder();
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'infra/app.ts')], {
    encoding: 'utf8',
    env: { CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify(context), CDK_VALIDATION: 'false' },
  });
  return { folder, status, stderr };
}

describe('the app', () => {
  test('writes a template under its name, and an asset of one file', () => {
    const { folder, status, stderr } = runApp({ name: 'Downloads', '@aws-cdk/core:newStyleStackSynthesis': true });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const files = readdirSync(folder);
    expect(files).toContain('Downloads.template.json');
    const asset = files.find((name) => name.startsWith('asset.')) ?? '';
    expect(readdirSync(join(folder, asset))).toEqual(['index.mjs']);
    expect(statSync(join(folder, asset, 'index.mjs')).size).toBeLessThan(ASSET_LIMIT);
  });

  test('says what is wrong with an option, without a stack, and fails', () => {
    const { folder, status, stderr } = runApp({ frnt: 'stream' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^the options can't be used:\n {2}frnt: no such option; there are [a-zA-Z, ]+\n$/);
    expect(readdirSync(folder)).toEqual([]);
  });
});

/** @returns the path of the one file */
function bundle(entry: string): string {
  const folder = makeFolder();
  bundleHandler(entry, folder);
  return join(folder, 'index.mjs');
}

describe('the bundle', () => {
  test('is a module that Node loads, with both handlers', async () => {
    const file = bundle(join(import.meta.dirname, 'handler.ts'));
    const module: unknown = await import(pathToFileURL(file).href);
    expect(Object.keys(Object(module)).toSorted()).toEqual([...HANDLERS]);
  });

  test('of the gateway needs nothing but Node', () => {
    const file = bundle(join(ROOT, 'src/platform/lambda/function.ts'));
    // What is imported later, if at all, is in a `try`: the SDK's optional parts.
    const imported = readFileSync(file, 'utf8').matchAll(/\bfrom"([\w@:/.-]+)"/g);
    const names = [...imported].map(([, name]) => name);
    expect(names).toContain('node:https');
    expect(names.filter((name) => name?.startsWith('node:') !== true)).toEqual([]);
  });

  test('is refused without one of them', () => {
    expect(() => bundle(join(import.meta.dirname, 'json.ts'))).toThrow('json.ts must export handler and streamHandler');
  });
});
