import { cp, mkdir, mkdtemp, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** An instruction of a Dockerfile. */
interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** A stage that was built without an engine: a folder stands for its root. */
export interface BuiltStage {
  readonly root: string;
  /** The folder of its WORKDIR, below the root. */
  readonly workdir: string;
  /** All instructions of the stage, by name; the last one of each. */
  readonly last: ReadonlyMap<string, string>;
}

/** Parses a Dockerfile. A line that ends in a backslash goes on. */
export async function readDockerfile(file: string): Promise<readonly Instruction[]> {
  const text = (await readFile(file, 'utf8')).replaceAll(/\\\n/g, ' ');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
      return { name, text: rest.trim() };
    });
}

/**
 * Does the steps of a Dockerfile in folders, for a machine without an engine: WORKDIR, COPY and RUN.
 *
 * @param context the folder of the build
 * @param run is called for each RUN, with the folder in which it runs
 * @returns the last stage
 * @throws Error for an instruction that it does not know, and for a file that is not there
 */
export async function buildImage(
  instructions: readonly Instruction[],
  context: string,
  work: string,
  run: (command: string, folder: string) => Promise<void>,
): Promise<BuiltStage> {
  const stages = new Map<string, string>();
  let stage = { root: '', workdir: '', last: new Map<string, string>() };
  for (const { name, text } of instructions) {
    stage.last.set(name, text);
    if (name === 'FROM') {
      const root = await mkdtemp(join(work, 'stage-'));
      stage = { root, workdir: root, last: new Map([[name, text]]) };
      const [, alias] = / AS (\w+)$/i.exec(text) ?? [];
      if (alias !== undefined) stages.set(alias, root);
    } else if (name === 'WORKDIR') {
      stage.workdir = join(stage.root, text);
      await mkdir(stage.workdir, { recursive: true });
    } else if (name === 'RUN') {
      await run(text, stage.workdir);
    } else if (name === 'COPY') {
      await copyInto(stage.workdir, text, (from) => (from === undefined ? context : (stages.get(from) ?? from)));
    } else if (!['ENV', 'USER', 'EXPOSE', 'HEALTHCHECK', 'CMD'].includes(name)) {
      throw new Error(`the step ${name} is not known here`);
    }
  }
  return stage;
}

async function copyInto(workdir: string, text: string, rootOf: (stage: string | undefined) => string): Promise<void> {
  const words = text.split(/\s+/);
  const [, from] = /^--from=(.*)$/.exec(words[0] ?? '') ?? [];
  const paths = from === undefined ? words : words.slice(1);
  const target = paths.at(-1) ?? '';
  for (const path of paths.slice(0, -1)) {
    const source = join(rootOf(from), path);
    const isFile = (await stat(source)).isFile();
    const destination = isFile ? join(workdir, target, path) : join(workdir, target);
    await cp(source, destination, { recursive: true, verbatimSymlinks: true });
  }
}

/** Parses the JSON form of CMD, or of the CMD of a HEALTHCHECK, to a command of a shell. */
export function execForm(text: string | undefined): string {
  const [, json] = /(\[.*\])$/.exec(text ?? '') ?? [];
  const words: unknown = JSON.parse(json ?? 'null');
  if (!Array.isArray(words)) throw new Error(`no JSON form: ${text}`);
  return words.map((word: unknown) => `'${String(word)}'`).join(' ');
}
