import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { bundleHandler, HANDLERS } from '../../infra/bundle.ts';
import { makeFolder } from './folder.ts';
import { dig, objectsIn, type Json } from './json.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The limit of the minified handler, in bytes: the S3 client with its credential providers, hono, valibot and all of Rangeway with the scripts of its pages. */
const ASSET_LIMIT = 900 * 1024;

/** Runs the app like the command line of the CDK. */
function runApp(context: Json) {
  const folder = makeFolder();
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'infra/app.ts')], {
    encoding: 'utf8',
    env: { CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify(context), CDK_VALIDATION: 'false' },
  });
  return { folder, status, stderr };
}

describe('the app', () => {
  test('writes a template with its name, and an asset of one file', () => {
    const { folder, status, stderr } = runApp({ name: 'Downloads', '@aws-cdk/core:newStyleStackSynthesis': true });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const files = readdirSync(folder);
    expect(files).toContain('Downloads.template.json');
    const asset = files.find((name) => name.startsWith('asset.')) ?? '';
    expect(readdirSync(join(folder, asset))).toEqual(['index.mjs']);
    expect(statSync(join(folder, asset, 'index.mjs')).size).toBeLessThan(ASSET_LIMIT);
  });

  test('fails with the error of an option, without a stack trace', () => {
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

describe('cdk.json', () => {
  const cdk: unknown = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));

  test('has the feature flags that the version of the CDK recommends, all of them', () => {
    const recommended: unknown = createRequire(import.meta.url)('aws-cdk-lib/recommended-feature-flags.json');
    expect(dig(cdk, 'context')).toEqual(recommended);
  });

  test(
    'lets the command line of the CDK synthesise without a warning, on a machine whose Node is not on PATH',
    { timeout: 60_000 },
    () => {
      const out = makeFolder();
      // As where npx finds no Node of the clone: the command line runs on the machine's Node, the app on the clone's.
      const { status, stderr, stdout } = spawnSync(
        process.execPath,
        [
          join(ROOT, 'node_modules/aws-cdk/bin/cdk'),
          'synth',
          '--quiet',
          '--no-notices',
          '--output',
          out,
          '-c',
          'front=cloudfront',
        ],
        {
          cwd: ROOT,
          encoding: 'utf8',
          env: { PATH: '/usr/bin:/bin', HOME: out, CDK_DISABLE_CLI_TELEMETRY: 'true', CDK_VALIDATION: 'false' },
        },
      );
      expect([status, stdout]).toEqual([0, '']);
      expect(stderr).not.toMatch(/warn|flag/i);
      const template: unknown = JSON.parse(readFileSync(join(out, 'Rangeway.template.json'), 'utf8'));
      expect([...objectsIn(template)].map(({ Type: type }) => type)).toContain('AWS::CloudFront::Distribution');
    },
  );
});

describe('the bundle', () => {
  test('is a module that Node loads, with both handlers', async () => {
    const file = bundle(join(import.meta.dirname, 'handler.ts'));
    const module: unknown = await import(pathToFileURL(file).href);
    expect(Object.keys(Object(module)).toSorted()).toEqual([...HANDLERS]);
  });

  test('of the gateway imports only modules of Node', () => {
    const file = bundle(join(ROOT, 'src/platform/lambda/function.ts'));
    // Dynamic imports of optional parts of the SDK are in a `try`.
    const imported = readFileSync(file, 'utf8').matchAll(/\bfrom"([\w@:/.-]+)"/g);
    const names = [...imported].map(([, name]) => name);
    expect(names).toContain('node:https');
    expect(names.filter((name) => name?.startsWith('node:') !== true)).toEqual([]);
  });

  test('is refused without one of them', () => {
    expect(() => bundle(join(import.meta.dirname, 'json.ts'))).toThrow('json.ts must export handler and streamHandler');
  });
});
