import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const ENTRY = join(import.meta.dirname, '../../src/client/index.ts');

test('a browser bundle has at most 15 KiB of gzip, no module of Node, and no package', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    outdir: 'out',
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.filter((path) => !/src\/(?:client|http)\/|src\/digests\/piece-index\.ts/.test(path))).toEqual([]);
  expect(inputs.filter((path) => /sinks\/node-/.test(path))).toEqual([]);
  expect(outputFiles).toHaveLength(1);
  for (const { contents, text } of outputFiles) {
    expect(gzipSync(contents, { level: 9 }).length).toBeLessThanOrEqual(15 * 1024);
    expect(text).not.toMatch(/\b(?:process|Buffer|require)\b\s*[.(]/);
  }
});
