import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { errorCode } from '../base/error-code.ts';
import type { CommandSpec, OptionSpec } from './command-spec.ts';
import { suggest } from '../base/suggest.ts';
import { usageError } from './usage.ts';

/** The names of the options of a command that have a value. */
type ValueName<Spec extends CommandSpec> = Extract<Spec['options'][number], { readonly value: string }>['name'];

/** The names of its flags. */
type FlagName<Spec extends CommandSpec> = Exclude<Spec['options'][number], { readonly value: string }>['name'];

/** A parsed command line: the value of each option with a value, the flags that are set, and the operands. */
export interface CommandLine<Spec extends CommandSpec> {
  readonly texts: Readonly<Partial<Record<ValueName<Spec>, string>>>;
  /** All values of each option with a value, in their order; `texts` has the last one. */
  readonly lists: Readonly<Partial<Record<ValueName<Spec>, readonly string[]>>>;
  readonly flags: ReadonlySet<FlagName<Spec>>;
  readonly operands: readonly string[];
}

/**
 * Reads the command line of a command: `--name value`, `--name=value`, flags, and operands if the command takes some.
 *
 * @throws UsageError for an unknown option, an option without its value, or an operand that is not expected
 */
export function parseCommandLine<Spec extends CommandSpec>(args: readonly string[], spec: Spec): CommandLine<Spec> {
  const values = new Map<string, readonly string[]>();
  const flags = new Set<string>();
  const operands: string[] = [];
  for (const token of tokenize(args, spec)) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const option = findOption(token.name, token.rawName, spec);
    if (option.value === undefined) {
      if (token.value !== undefined) throw usageError(`--${option.name} takes no value`);
      flags.add(option.name);
      continue;
    }
    // `--dir --hidden`: Node takes the next option for the value.
    const isNext = token.inlineValue === false && token.value.startsWith('--');
    if (token.value === undefined || (token.value === '' && option.mayBeEmpty !== true) || isNext) {
      throw usageError(`--${option.name} takes a value: --${option.name} ${option.value}`);
    }
    values.set(option.name, [...(values.get(option.name) ?? []), token.value]);
  }
  const [operand] = operands;
  if (operand !== undefined && spec.operands === undefined) {
    throw usageError(`"${operand}" is not an option of ${spec.name}; ${seeHelp(spec)}`);
  }
  return { ...valuesOf(values, spec), flags: flagsOf(flags, spec), operands };
}

/** By Node's own parser. A value that begins with a dash is joined to its option first: Node calls it ambiguous. */
function tokenize(args: readonly string[], { options }: CommandSpec) {
  const withValue = new Set(options.filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`));
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const written = args[i] ?? '';
    const arg = toLongName(written, options);
    const next = args[i + 1];
    if (arg === '--') return parse([...joined, ...args.slice(i)], options);
    if (withValue.has(arg) && next !== undefined && !next.startsWith('--')) {
      joined.push(`${arg}=${next}`);
      i++;
    } else joined.push(arg);
  }
  return parse(joined, options);
}

/** `-o` is `--output` if the command has an option with that letter. */
function toLongName(arg: string, options: readonly OptionSpec[]): string {
  const option = options.find(({ short }) => short !== undefined && arg === `-${short}`);
  return option === undefined ? arg : `--${option.name}`;
}

function parse(args: readonly string[], options: readonly OptionSpec[]) {
  const types = options.map(({ name, value }) => [name, { type: value === undefined ? 'boolean' : 'string' }] as const);
  const known: Record<string, { type: 'string' | 'boolean' }> = Object.fromEntries(types);
  return parseArgs({ args: [...args], options: known, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function findOption(name: string, written: string, spec: CommandSpec): OptionSpec {
  const option = spec.options.find((one) => one.name === name);
  if (option !== undefined) return option;
  if (name.startsWith('fallback')) throw usageError(`${written} is not an option of ${spec.name}; ${FALLBACK}`);
  const meant = suggest(
    name,
    spec.options.map((one) => one.name),
  );
  const instead = meant === undefined ? '' : ` did you mean --${meant}?`;
  throw usageError(`${written} is not an option of ${spec.name};${instead} ${seeHelp(spec)}`);
}

const FALLBACK =
  'a fallback is a field of a mount in the configuration: "mounts": [{ "fallback": { "type": "s3", "bucket": "…" } }]';

function seeHelp({ name, options }: CommandSpec): string {
  return `there are ${options.map((one) => `--${one.name}`).join(', ')}: rangeway ${name} --help`;
}

function valuesOf<Spec extends CommandSpec>(values: ReadonlyMap<string, readonly string[]>, spec: Spec) {
  const texts: Partial<Record<ValueName<Spec>, string>> = {};
  const lists: Partial<Record<ValueName<Spec>, readonly string[]>> = {};
  for (const option of spec.options) {
    const list = values.get(option.name);
    const last = list?.at(-1);
    if (list === undefined || last === undefined || !hasValue<Spec>(option)) continue;
    texts[option.name] = last;
    lists[option.name] = list;
  }
  return { texts, lists };
}

function flagsOf<Spec extends CommandSpec>(given: ReadonlySet<string>, spec: Spec): ReadonlySet<FlagName<Spec>> {
  const flags = new Set<FlagName<Spec>>();
  for (const option of spec.options) if (given.has(option.name) && isFlag<Spec>(option)) flags.add(option.name);
  return flags;
}

function hasValue<Spec extends CommandSpec>(option: OptionSpec): option is OptionSpec & { name: ValueName<Spec> } {
  return option.value !== undefined;
}

function isFlag<Spec extends CommandSpec>(option: OptionSpec): option is OptionSpec & { name: FlagName<Spec> } {
  return option.value === undefined;
}

/**
 * Reads a port. By default 8787.
 *
 * @throws UsageError if it is not a number from 0 to 65535
 */
export function parsePort(value: string | undefined): number {
  if (value === undefined) return 8787;
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (!(port <= 65_535)) throw usageError(`--port takes a number from 0 to 65535, not "${value}"`);
  return port;
}

/** More processes than any machine has cores would only take memory. */
const MAX_WORKERS = 256;

/**
 * Reads a number of processes. By default 1.
 *
 * @throws UsageError if it is neither `auto` nor a number from 1 to 256
 */
export function parseWorkers(value: string | undefined): number {
  if (value === undefined) return 1;
  if (value === 'auto') return Math.min(availableParallelism(), MAX_WORKERS);
  const count = /^\d{1,3}$/.test(value) ? Number(value) : 0;
  if (count < 1 || count > MAX_WORKERS) {
    throw usageError(`--workers takes a number from 1 to ${MAX_WORKERS}, or auto, not "${value}"`);
  }
  return count;
}

/**
 * Resolves the path of a folder.
 *
 * @throws UsageError if it does not exist, or is a file
 */
export function parseFolder(value: string): string {
  const folder = resolve(value);
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) throw usageError(`--dir ${value}: there is no such folder`);
  if (!stat.isDirectory()) throw usageError(`--dir ${value}: this is a file; --dir takes the folder that it is in`);
  return folder;
}

/** The reason why an address can't be used, by the error code of the system. */
const LISTEN_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken; stop what listens there, or choose another with --port',
  EACCES: 'listening there is not allowed; ports from 1024 on are, with --port',
  EADDRNOTAVAIL: 'this machine does not have that address; --host takes one that it has',
  ENOTFOUND: 'that is no address; --host takes one of this machine, such as 127.0.0.1',
};

/** Converts the system's error on listening to one that says what to do. Returns any other error as it is. */
export function explainListenError(error: unknown, host: string, port: number): unknown {
  const reason = LISTEN_ERRORS[errorCode(error) ?? ''];
  return reason === undefined ? error : usageError(`can't listen on ${host}:${port}: ${reason}`, error);
}

/**
 * Checks that the address can be listened on, before anything slow is started.
 *
 * @throws UsageError with the reason if it can't be used
 */
export async function assertFree(host: string, port: number): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
  } catch (error) {
    throw explainListenError(error, host, port);
  }
  probe.close();
  await once(probe, 'close');
}
