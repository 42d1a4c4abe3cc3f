import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { errorCode } from '../base/error-code.ts';
import { usageError } from './usage.ts';

/** A parsed command line: the value of each option with a value, and the flags that are set. */
export interface Options<Name extends string, Flag extends string> {
  readonly texts: Readonly<Partial<Record<Name, string>>>;
  readonly flags: ReadonlySet<Flag>;
}

/**
 * Reads `--name value` options and `--flag`s.
 *
 * @throws UsageError for an unknown option, an option without its value, or an operand
 */
export function parseOptions<Name extends string, Flag extends string = never>(
  args: readonly string[],
  names: readonly Name[],
  flags: readonly Flag[] = [],
): Options<Name, Flag> {
  const { texts, flags: given, operands } = parseLine(args, names, flags);
  const [stray] = operands;
  if (stray !== undefined)
    throw usageError(`"${stray}" is not an option; there are ${printNames([...names, ...flags])}`);
  return { texts, flags: given };
}

/**
 * Reads options like {@link parseOptions}, for a command that also takes operands.
 *
 * @throws UsageError for an unknown option, or an option without its value
 */
export function parseLine<Name extends string, Flag extends string = never>(
  args: readonly string[],
  names: readonly Name[],
  flags: readonly Flag[] = [],
): Options<Name, Flag> & { readonly operands: readonly string[] } {
  const { values, positionals: operands } = parseArguments(args, names, flags);
  const texts: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = values.get(name);
    if (typeof value === 'string') texts[name] = value;
  }
  return { texts, flags: new Set(flags.filter((flag) => values.get(flag) === true)), operands };
}

function parseArguments(args: readonly string[], names: readonly string[], flags: readonly string[]) {
  try {
    const texts = names.map((name) => [name, { type: 'string' as const }] as const);
    const booleans = flags.map((flag) => [flag, { type: 'boolean' as const }] as const);
    const options: Record<string, { type: 'string' | 'boolean' }> = Object.fromEntries([...texts, ...booleans]);
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { values: new Map(Object.entries(values)), positionals };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(/\.\s/)[0] : '';
    const instead = reason?.startsWith("Unknown option '--fallback") ? `; ${FALLBACK}` : '';
    throw usageError(`${reason}${instead}; there are ${printNames([...names, ...flags])}`, error);
  }
}

const FALLBACK =
  'a fallback is a field of a mount in the configuration: "mounts": [{ "fallback": { "type": "s3", "bucket": "…" } }]';

function printNames(names: readonly string[]): string {
  return names.map((name) => `--${name}`).join(', ');
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

/** Waits for SIGINT (Ctrl-C) or SIGTERM (a service manager). */
export async function untilStopped(): Promise<void> {
  await new Promise<void>((settle) => {
    process.once('SIGINT', () => settle());
    process.once('SIGTERM', () => settle());
  });
}
