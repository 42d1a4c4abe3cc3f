import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Bundles a script of pages: by default that of downloads. */
export async function bundlePage(entry = 'script.ts'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '../src/page', entry)],
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

/** Prints the module of the gateway that contains the script of downloads. */
export function printPageScript(): Promise<string> {
  return printModule('script.ts', 'PAGE', 'download');
}

/** Prints the module of the gateway that contains the script of the page of transfers. */
export function printTransfersScript(): Promise<string> {
  return printModule('transfers/script.ts', 'TRANSFERS', 'transfers');
}

/** Prints a script as a module, with its name, which has the hash of its content. */
async function printModule(entry: string, constant: string, name: string): Promise<string> {
  const script = await bundlePage(entry);
  const hash = createHash('sha256').update(script).digest('hex').slice(0, 16);
  return [
    '// Written by `npm run page` from src/page.',
    '',
    '/** The path of the script below `.rangeway/`. Another script has another name. */',
    `export const ${constant}_SCRIPT_PATH = 'assets/${name}-${hash}.js';`,
    '',
    '/** The script, minified. */',
    `export const ${constant}_SCRIPT = ${JSON.stringify(script)};`,
    '',
  ].join('\n');
}
