/**
 * Lists the files of src/ that one request enters, in a process that has answered others before: one range of a file in a
 * folder, through `serve` on Node. A file is entered if any of its functions runs. `--cached` puts a block cache in
 * memory before the folder, and asks for other blocks than the requests before. `--json` prints the list alone.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createGateway, fsStore, memoryCache } from '../src/platform/node/index.ts';
import { serve } from '../src/platform/node/serve.ts';

const SRC = join(import.meta.dirname, '../src');

/** Requests that are answered first, so that files that run only once do not count. */
const WARM = 20;

/** Each request asks for one block, which no request has asked for before. In bytes. */
const BLOCK = 64 * 1024;
const SIZE = 64 * BLOCK;

/** Whose files count together, and the folders that do not count: the rules, which are pure. */
const GROUPS = {
  'gateway and observe': ['gateway', 'observe'],
  'store and driver': ['store'],
  cache: ['cache'],
  platform: ['platform'],
  'not counted': ['http'],
} as const;

/** @returns the paths below src/ of the files that one warm request enters, sorted */
async function enteredFiles(isCached: boolean): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'rangeway-entered-'));
  await writeFile(join(folder, 'file.bin'), Buffer.alloc(SIZE));
  const waiting: (() => void)[] = [];
  const gateway = createGateway({
    store: fsStore(folder),
    ...(isCached ? { cache: memoryCache({ maxBytes: SIZE }), blocks: { size: BLOCK } } : {}),
    observers: [{ end: () => waiting.shift()?.() }],
  });
  const server = await serve(gateway, { port: 0 });
  /** Resolves when the request is over for the server too. */
  let block = 0;
  const ask = async () => {
    const start = BLOCK * block++;
    const over = new Promise<void>((resolve) => waiting.push(resolve));
    const response = await fetch(`${server.url}/file.bin`, {
      headers: { Range: `bytes=${start}-${start + BLOCK - 1}` },
    });
    const { byteLength } = await response.arrayBuffer();
    if (response.status !== 206 || byteLength !== BLOCK) throw new Error(`${response.status}, ${byteLength} bytes`);
    await over;
  };
  const session = new Session();
  session.connect();
  try {
    for (let i = 0; i < WARM; i++) await ask();
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await session.post('Profiler.takePreciseCoverage');
    await ask();
    const { result } = await session.post('Profiler.takePreciseCoverage');
    return result
      .filter(({ functions }) => functions.some(({ ranges }) => ranges.some(({ count }) => count > 0)))
      .filter(({ url }) => url.startsWith('file:'))
      .map(({ url }) => relative(SRC, fileURLToPath(url)))
      .filter((path) => !path.startsWith('..'))
      .toSorted();
  } finally {
    session.disconnect();
    await server.stop(1_000);
    await rm(folder, { recursive: true });
  }
}

function groupOf(path: string): string {
  const found = Object.entries(GROUPS).find(([, folders]) => folders.some((folder) => path.startsWith(`${folder}/`)));
  return found?.[0] ?? 'others';
}

function print(entered: readonly string[]): void {
  const groups = Map.groupBy(entered, groupOf);
  for (const [name, paths] of groups) console.log(`${name}: ${paths.length}\n${paths.map((p) => `  ${p}`).join('\n')}`);
  console.log(`${entered.length} files, ${entered.filter((path) => groupOf(path) !== 'not counted').length} counted`);
}

const { values } = parseArgs({ options: { json: { type: 'boolean' }, cached: { type: 'boolean' } } });
const files = await enteredFiles(values.cached === true);
if (values.json === true) console.log(JSON.stringify(files));
else print(files);
