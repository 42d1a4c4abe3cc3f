import { buildSync } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { HANDLERS, INDEX_HANDLERS } from './handlers.ts';

export { HANDLERS };

/** The file of the gateway in the asset; Lambda takes `.mjs` for an ES module without a package.json beside it. */
export const FILE = 'index.mjs';

/** The file of the function that builds piece indexes. */
export const INDEX_FILE = 'pieces.mjs';

/** What Node 24 runs; the stack's runtime and this go together. */
const TARGET = 'node24';

/**
 * Bundles the handler into a folder.
 *
 * The AWS SDK goes in, though the runtime carries one: that one changes without notice. It is 180 of the bundle's 199 KiB of gzip, the
 * search for credentials included, and starts sooner (one file is read instead of hundreds).
 *
 * @returns the files that went in, absolute
 * @throws where the entry doesn't build, or lacks one of the {@link HANDLERS}
 */
export function bundleHandler(entry: string, folder: string): readonly string[] {
  return bundle(entry, join(folder, FILE), HANDLERS);
}

/**
 * Bundles the function that builds piece indexes, as {@link bundleHandler} does the other, into the same folder.
 *
 * @returns the files that went in, absolute
 * @throws where the entry doesn't build, or lacks its handler
 */
export function bundleIndexHandler(entry: string, folder: string): readonly string[] {
  return bundle(entry, join(folder, INDEX_FILE), INDEX_HANDLERS);
}

function bundle(entry: string, outfile: string, handlers: readonly string[]): readonly string[] {
  const { metafile } = buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: TARGET,
    // The ES modules of a package first: only what is used of them goes in.
    mainFields: ['module', 'main'],
    // Names differ from machine to machine; the asset's hash must not.
    absWorkingDir: import.meta.dirname,
    legalComments: 'none',
    logLevel: 'silent',
  });
  const exported = new Set(Object.values(metafile.outputs).flatMap((output) => output.exports));
  const missing = handlers.filter((name) => !exported.has(name));
  if (missing.length > 0) throw new Error(`${basename(entry)} must export ${missing.join(' and ')}`);
  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([file]) => resolve(import.meta.dirname, file)),
  );
}

/**
 * Bundles the handler into a folder that exists as long as `use` runs: the CDK copies it into its own.
 *
 * @param indexEntry the function that builds piece indexes, if the stack has one
 * @throws as {@link bundleHandler} does
 */
export function withBundle<T>(entry: string, use: (folder: string) => T, indexEntry?: string): T {
  const folder = mkdtempSync(join(tmpdir(), 'rangeway-lambda-'));
  try {
    bundleHandler(entry, folder);
    if (indexEntry !== undefined) bundleIndexHandler(indexEntry, folder);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
