import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Bundles the script of pages. */
export async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '../src/page/script.ts')],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    charset: 'ascii',
    legalComments: 'none',
    write: false,
  });
  return outputFiles[0]?.text.trimEnd() ?? '';
}

/** Prints the module of the gateway that contains the script, and its name with the hash of its content. */
export async function printPageScript(): Promise<string> {
  const script = await bundlePage();
  const hash = createHash('sha256').update(script).digest('hex').slice(0, 16);
  return [
    '// Written by `npm run page` from src/page.',
    '',
    '/** The path of the script below `.rangeway/`. Another script has another name. */',
    `export const PAGE_SCRIPT_PATH = 'assets/download-${hash}.js';`,
    '',
    '/** The script of pages, minified. */',
    `export const PAGE_SCRIPT = ${JSON.stringify(script)};`,
    '',
  ].join('\n');
}
