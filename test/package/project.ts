import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

type Environment = Readonly<Record<string, string>>;

/** The checkout. */
export const ROOT = join(import.meta.dirname, '../..');

/**
 * Runs a program to its end.
 *
 * @param env beside PATH and HOME
 * @throws the error of `execFile`, with `code`, `stdout` and `stderr`, where it fails
 */
export function runIn(folder: string, program: string, args: readonly string[], env: Environment = {}) {
  const { PATH = '', HOME = '' } = process.env;
  return run(program, [...args], { cwd: folder, env: { PATH, HOME, ...env } });
}

/** A folder in which the package is installed. */
export interface Project {
  readonly folder: string;
  /** Returns the compiler's errors in the project and the package; errors in the types of other packages are left out. */
  compile(): Promise<readonly string[]>;
}

/** The two that are compiled: for Node and Lambda, and for workerd. */
const CONFIGS = ['tsconfig.json', 'tsconfig.worker.json'] as const;

/**
 * Installs the packed package and others in an empty folder, with the app of docs/composing.md and test/package/app as
 * the project's own modules.
 *
 * @param packages as npm takes them: `hono@4.4.0`, or the path of a tarball
 */
export async function createProject(folder: string, packages: readonly string[]): Promise<Project> {
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const { env } = process;
  // The environment may name the registry.
  await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', ...packages], {
    cwd: folder,
    env,
  });
  // Types of the platforms, as they are here: the matrix is of other packages.
  for (const name of ['@types/node', '@cloudflare/workers-types']) await link(folder, name);
  for (const source of ['examples/worker-own-hono-app/src', 'test/package/app']) {
    await cp(join(ROOT, source), folder, { recursive: true });
  }
  const usesSdk = (await readdir(join(folder, 'node_modules'))).includes('@aws-sdk');
  await writeConfigs(folder, usesSdk, usesSdk ? await writeExamples(folder) : []);
  return { folder, compile: async () => (await Promise.all(CONFIGS.map((config) => compile(folder, config)))).flat() };
}

/** Has a project find a package of the checkout. */
export async function link(folder: string, name: string): Promise<void> {
  const path = join(folder, 'node_modules', name);
  await mkdir(join(path, '..'), { recursive: true });
  await symlink(join(ROOT, 'node_modules', name), path);
}

/** The entries whose docstrings have examples that need no more than hono and the SDK. */
const DOCUMENTED = ['lambda/index', 's3/index', 's3/index-node'] as const;

/** Makes a module of each example in these docstrings. */
async function writeExamples(folder: string): Promise<readonly string[]> {
  const texts = await Promise.all(DOCUMENTED.map((name) => readFile(join(ROOT, `src/platform/${name}.ts`), 'utf8')));
  const examples = [...texts.join('\n').matchAll(/@example\n([^]*?) \*\//g)].map(([, text = '']) =>
    text.replaceAll(/^ \* ?/gm, ''),
  );
  if (examples.length < DOCUMENTED.length) throw new Error('a docstring has no example');
  return Promise.all(
    examples.map(async (text, i) => {
      await writeFile(join(folder, `example-${i}.ts`), text);
      return `example-${i}.ts`;
    }),
  );
}

async function writeConfigs(folder: string, usesSdk: boolean, examples: readonly string[]): Promise<void> {
  const shared = {
    target: 'es2024',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    rewriteRelativeImportExtensions: true,
    noEmitOnError: false,
  };
  const [node, worker] = [
    [
      'app.ts',
      'composed.ts',
      'node.ts',
      'mounted.ts',
      'entries.ts',
      ...examples,
      ...(usesSdk ? ['lambda.ts', 's3-node.ts'] : []),
    ],
    ['worker.ts', ...(usesSdk ? ['s3-worker.ts'] : [])],
  ];
  const forNode = { ...shared, lib: ['es2024', 'esnext.disposable'], module: 'nodenext', types: ['node'] };
  const forWorker = {
    ...shared,
    lib: ['es2024', 'esnext.disposable'],
    module: 'esnext',
    moduleResolution: 'bundler',
    types: ['@cloudflare/workers-types'],
  };
  await writeFile(join(folder, CONFIGS[0]), JSON.stringify({ compilerOptions: forNode, files: node }));
  await writeFile(join(folder, CONFIGS[1]), JSON.stringify({ compilerOptions: forWorker, files: worker }));
  for (const name of ['worker', 's3-worker']) {
    await writeFile(
      join(folder, `${name}.toml`),
      `name = "own"\nmain = "${name}.js"\ncompatibility_date = "2026-08-06"\n` +
        '[[r2_buckets]]\nbinding = "BUCKET"\nbucket_name = "bucket"\n',
    );
  }
}

/**
 * Compiles a project by one of its configurations.
 *
 * @returns the errors in its own modules and in the package
 */
export async function compile(folder: string, config: string): Promise<readonly string[]> {
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const { stdout } = await runIn(folder, tsc, ['-p', config, '--pretty', 'false']).catch((error: unknown) => {
    // It fails for types of other packages too, with its list on stdout.
    if (error instanceof Error && 'stdout' in error) return { stdout: String(error.stdout) };
    throw error;
  });
  const lines = stdout.split('\n').filter((line) => line !== '');
  const isOurs = (line: string) =>
    !line.startsWith(' ') && !/^(?:\.\.\/)*(?:.*\/)?node_modules\/(?!rangeway\/)/.test(line);
  return lines.filter(isOurs).map((line) => `${config}: ${line}`);
}
