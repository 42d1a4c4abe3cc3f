import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The checkout. */
export const ROOT = join(import.meta.dirname, '../..');

/** The modules that the package exports, by the name that users import, on Node. */
export const ENTRIES = {
  rangeway: 'src/index.ts',
  'rangeway/client': 'src/client/index.ts',
  'rangeway/node': 'src/platform/node/index.ts',
  'rangeway/s3': 'src/platform/s3/index-node.ts',
  'rangeway/lambda': 'src/platform/lambda/index.ts',
  'rangeway/workers': 'src/platform/workers/index.ts',
  'rangeway/jwt': 'src/access/jwt.ts',
  'rangeway/cdk': 'infra/rangeway.ts',
} as const;

/** The same in workerd, where `rangeway/s3` has no client of its own. */
export const WORKERD_ENTRIES = { ...ENTRIES, 'rangeway/s3': 'src/platform/s3/index.ts' } as const;

/** What a module exports: names, each with whether it is a type alone. */
export type Exports = ReadonlyMap<string, 'value' | 'type'>;

const DECLARATION = /^export (?:declare )?(async function|function|const|class|interface|type) ([A-Za-z_]\w*)/gm;
const LIST = /^export (type )?\{([^}]*)\}/gm;
const STAR = /^export \* from '([^']+)'/gm;

/**
 * Reads the exports of a module of this project, from its text: types leave no trace when a module is loaded.
 *
 * @param file relative to the checkout
 */
export async function exportsOf(file: string): Promise<Exports> {
  const text = await readFile(join(ROOT, file), 'utf8');
  const exports = new Map<string, 'value' | 'type'>();
  for (const [, keyword, name = ''] of text.matchAll(DECLARATION)) {
    exports.set(name, keyword === 'interface' || keyword === 'type' ? 'type' : 'value');
  }
  for (const [, isTypeList, list = ''] of text.matchAll(LIST)) {
    for (const item of list.split(',').filter((one) => one.trim() !== '')) {
      const [, isType, name = ''] = /^\s*(type )?(?:\w+ as )?(\w+)\s*$/.exec(item) ?? [];
      exports.set(name, isTypeList !== undefined || isType !== undefined ? 'type' : 'value');
    }
  }
  for (const [, module = ''] of text.matchAll(STAR)) {
    for (const [name, kind] of await exportsOf(join(dirname(file), module))) exports.set(name, kind);
  }
  return exports;
}
