import { mistakesOf, type Mistake } from '../base/settings-error.ts';
import { findSetting, type Place, type SettingsTree } from './settings-tree.ts';
import { usageError } from './usage.ts';

/** Where a configuration was read from. */
export interface ConfigSource {
  /** The name of the file, as the command line has it; `undefined` if there is none. */
  readonly file?: string | undefined;
  /** The content of the file. */
  readonly input: unknown;
  /** Places in the file; `undefined` if they are not known. */
  readonly tree?: SettingsTree | undefined;
  /** The option of the command line that sets a field, by the name of the field. */
  readonly options?: Readonly<Record<string, string>>;
}

/**
 * Calls a function, and adds to its SettingsError the file, the line, the column and the mount of each mistake.
 *
 * @throws UsageError in place of a SettingsError; other errors unchanged
 */
export async function explainMistakes<Result>(
  source: ConfigSource,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const mistakes = mistakesOf(error);
    // An error about no setting is not about the file: the AWS SDK may be missing.
    if (mistakes === undefined || (isTable(source.input) && mistakes.every(({ path }) => path.length === 0)))
      throw error;
    throw usageError(printMistakes(mistakes, source), error);
  }
}

/** Prints a place as compilers do, so that terminals and editors open it. */
export function printPlace(file: string, { line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

function printMistakes(mistakes: readonly Mistake[], source: ConfigSource): string {
  const ordered = mistakes
    .map((mistake) => ({ line: printMistake(mistake, source), order: orderOf(mistake, source) }))
    .toSorted((a, b) => a.order - b.order);
  // A setting that several mounts inherit is one mistake.
  const lines = [...new Set(ordered.map(({ line }) => line))];
  if (lines.length === 1) return lines.join('');
  return `${source.file ?? 'the settings'}: ${lines.length} mistakes:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

/** Makes a number that is larger for a later place in the file. */
function orderOf({ path }: Mistake, { tree }: ConfigSource): number {
  const { line, column } = (tree && findSetting(tree, path).tree.value) ?? { line: 0, column: 0 };
  return line * 2 ** 20 + column;
}

function printMistake(mistake: Mistake, { file, input, tree, options = {} }: ConfigSource): string {
  const { setting, text, path, isUnknown } = mistake;
  const found = tree && findSetting(tree, path);
  const option = found?.isWhole === true ? undefined : optionOf(path, options);
  if (option !== undefined) return `${option}: ${text}`;
  const name = nameInFile(setting, path, found?.path ?? path);
  const place = file !== undefined && found ? printPlace(file, isUnknown ? found.tree.name : found.tree.value) : file;
  const mount = mountName(input, name);
  const parts = [place, mount && `in the mount at ${mount}`, name, text];
  return parts.filter((part) => part !== undefined && part !== '').join(': ');
}

/** The option that sets a field of all mounts, if it is on the command line. */
function optionOf(path: readonly string[], options: Readonly<Record<string, string>>): string | undefined {
  const [field = ''] = path[0] === 'mounts' ? path.slice(2) : path;
  return Object.hasOwn(options, field) ? options[field] : undefined;
}

/** Names a setting as the file has it: with its mount, or without one if the mounts inherit it. */
function nameInFile(setting: string, path: readonly string[], found: readonly string[]): string {
  const [first] = found;
  if (first === 'mounts' && path[0] !== 'mounts') return `mounts.0.${setting}`;
  if (first !== undefined && first !== 'mounts') return setting.replace(/^mounts\.\d+\./, '');
  return setting;
}

/** Forms of hosts and paths. Values of another form are not shown, since they may be secrets. */
const HOST = /^[\w.:[\]-]{1,255}$/;
const PATH = /^\/[\w.~/-]{0,255}$/;

/** Returns the host and the path of the mount that a setting is in, such as `files.example.com/releases`. */
function mountName(input: unknown, setting: string): string | undefined {
  const [first, index = ''] = setting.split('.');
  const mount = first === 'mounts' ? memberOf(memberOf(input, 'mounts'), index) : undefined;
  if (mount === undefined) return undefined;
  const [host, path = '/'] = [memberOf(mount, 'host'), memberOf(mount, 'path')];
  if (typeof path !== 'string' || !PATH.test(path)) return undefined;
  if (host === undefined) return path;
  return typeof host === 'string' && HOST.test(host) ? `${host}${path}` : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function isTable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
