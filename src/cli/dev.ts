import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OWN_CONFIG, startWorkerd, type Workerd } from '../platform/workerd.ts';
import { listFiles, type KeyedFile } from './files.ts';
import { fill, formatBytes } from './fill.ts';
import { assertFree, parseFolder, parseOptions, parsePort, untilStopped } from './options.ts';
import { sampleFiles } from './samples.ts';
import { usageError } from './usage.ts';

/** What dev keeps between runs, below the folder that it is run in. */
const KEPT = '.rangeway';

/** `rangeway dev`: the Worker of wrangler.toml in workerd with a local bucket, until a signal. */
export async function dev(args: readonly string[]): Promise<void> {
  const {
    dir,
    host = '127.0.0.1',
    persist,
    ...others
  } = parseOptions(args, ['dir', 'port', 'host', 'persist', 'config']);
  const port = parsePort(others.port);
  const config = findConfig(others.config);
  const folder = dir === undefined ? undefined : parseFolder(dir);
  if (port !== 0) await assertFree(host, port);
  const files = folder === undefined ? await sampleFiles(resolve(KEPT, 'samples')) : await listFiles(folder);
  const workerd = await startWorkerd({
    config,
    host,
    port,
    persist: resolve(persist ?? join(KEPT, 'dev')),
    onOutput: console.log,
  });
  try {
    await fillFrom(workerd, files);
    process.stderr.write(greeting(workerd.url, files));
    await untilStopped();
  } finally {
    await workerd.stop();
  }
  process.exit(0);
}

function findConfig(option: string | undefined): string {
  if (option !== undefined && !existsSync(option)) throw usageError(`--config ${option}: there is no such file`);
  const own = resolve(option ?? 'wrangler.toml');
  return existsSync(own) ? own : OWN_CONFIG;
}

async function fillFrom(workerd: Workerd, files: readonly KeyedFile[]): Promise<void> {
  const report = progressReporter();
  const { uploaded, unchanged, removed } = await fill(workerd.bucket, files, report.show);
  report.end();
  process.stderr.write(`rangeway: ${uploaded} files uploaded, ${unchanged} unchanged, ${removed} removed\n`);
}

/** On a terminal one line that changes; elsewhere a line each time. */
function progressReporter(): { readonly show: (line: string) => void; readonly end: () => void } {
  const { isTTY } = process.stderr;
  return {
    show: (line) => void process.stderr.write(isTTY ? `\r\x1b[Krangeway: ${line}` : `rangeway: ${line}\n`),
    end: () => void (isTTY && process.stderr.write('\r\x1b[K')),
  };
}

function greeting(url: string, files: readonly KeyedFile[]): string {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const [largest] = files.toSorted((a, b) => b.size - a.size);
  const served = `rangeway: ${files.length} objects, ${formatBytes(total)}, are served by workerd at ${url}/\n`;
  if (largest === undefined) return `${served}The folder is empty; put a file into it and start again.\n`;
  const address = `${url}/${largest.key.split('/').map(encodeURIComponent).join('/')}`;
  return `${served}
Lines to paste:
  curl -o whole.bin ${address}                                # the whole
  curl -m 1 --limit-rate 10M -o cut.bin ${address}; \\
    curl -C - -o cut.bin ${address}; cmp whole.bin cut.bin    # broken off after a second, continued, compared
  curl -r 0-99 ${address} | xxd                               # a range
  curl -r 0-9,-10 ${address} | xxd                            # two ranges, in one multipart answer

Ctrl-C stops it.
`;
}
