import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENTRIES, ROOT, WORKERD_ENTRIES } from './entries.ts';

/** A whole TypeScript module out of a page or a docstring. */
export interface Example {
  /** Where it stands, for messages: `docs/library.md:12`. */
  readonly place: string;
  readonly code: string;
}

/** The platform whose globals and types an example is written for. */
export type World = 'node' | 'workerd';

/** Examples that import what only workerd has are for workerd, all others for Node. */
export function worldOf({ code }: Example): World {
  return /from '(?:cloudflare:workers|rangeway\/workers)'/.test(code) ? 'workerd' : 'node';
}

/** A folder with examples as modules, `node_modules` beside them, and a tsconfig.json. */
export interface ExampleFolder {
  readonly folder: string;
  /** The file of an example. */
  fileOf(example: Example): string;
  remove(): Promise<void>;
}

/** Writes examples as modules that import `rangeway` by its name. */
export async function writeExamples(examples: readonly Example[], world: World): Promise<ExampleFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'rangeway-documented-'));
  const fileOf = ({ place }: Example) => join(folder, `${place.replaceAll(/[^\w.-]/g, '_')}.ts`);
  await mkdir(folder, { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  for (const example of examples) await writeFile(fileOf(example), example.code);
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(compilerConfig(examples.map(fileOf), world)));
  return { folder, fileOf, remove: () => rm(folder, { recursive: true }) };
}

/**
 * Compiles examples with one run of tsc, as strictly as this project.
 *
 * @returns the compiler's errors, one a line
 */
export async function typeErrors(examples: readonly Example[], world: World): Promise<readonly string[]> {
  if (examples.length === 0) return [];
  const { folder, remove } = await writeExamples(examples, world);
  try {
    return await compile(folder);
  } finally {
    await remove();
  }
}

function compile(folder: string): Promise<readonly string[]> {
  return new Promise((resolve) => {
    execFile(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder, '--pretty', 'false'], { cwd: folder }, (error, out) =>
      resolve(error === null ? [] : [...out.split('\n'), error.message].filter((line) => line !== '')),
    );
  });
}

function compilerConfig(files: readonly string[], world: World): object {
  const isWorkerd = world === 'workerd';
  const entries = Object.entries(isWorkerd ? WORKERD_ENTRIES : ENTRIES);
  return {
    extends: join(ROOT, isWorkerd ? 'tsconfig.workers.json' : 'tsconfig.json'),
    compilerOptions: {
      paths: Object.fromEntries(entries.map(([name, file]) => [name, [join(ROOT, file)]])),
      // An example ends with what the reader goes on with.
      noUnusedLocals: false,
      // A rule of this project's style, which users need not share.
      noPropertyAccessFromIndexSignature: false,
    },
    // The Worker declares `env.BUCKET`.
    files: [...files, ...(isWorkerd ? [join(ROOT, 'src/platform/workers/worker.ts')] : [])],
    include: [],
    exclude: [],
  };
}
