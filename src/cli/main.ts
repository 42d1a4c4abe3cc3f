#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { errorCode } from '../base/error-code.ts';
import { withPeers } from '../platform/peers.ts';
import { say } from './say.ts';
import { COMMANDS } from './commands.ts';
import { printCommandHelp, printOverview } from './help.ts';
import { suggest } from '../base/suggest.ts';
import { usageError } from './usage.ts';

/** The exit code for a mistake of the caller; 1 is for everything else. */
const EXIT_USAGE = 2;

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  check: async (args) => (await import('./check/check.ts')).checkAddress(args),
  config: async (args) => (await import('./config.ts')).config(args),
  dev: async (args) => (await loadDev()).dev(args),
  get: async (args) => (await import('./get/get.ts')).get(args),
  index: async (args) => (await import('./index/index-command.ts')).buildIndexes(args),
  keygen: async (args) => (await import('./keygen.ts')).keygen(args),
  lambda: async (args) => (await import('./lambda.ts')).lambda(args),
  purge: async (args) => (await import('./purge.ts')).sendPurge(args),
  serve: async (args) => (await import('./serve.ts')).serveOnNode(args),
  sign: async (args) => (await import('./sign.ts')).sign(args),
  transfers: async (args) => (await import('./transfers/transfers.ts')).transfers(args),
  warm: async (args) => (await import('./warm/warm.ts')).warm(args),
};

/** The oldest major version of Node that is supported, as in package.json. */
const OLDEST = 22;

async function main([name, ...args]: readonly string[]): Promise<void> {
  if (Number.parseInt(process.versions.node, 10) < OLDEST) {
    throw usageError(
      `this is Node ${process.versions.node}, and rangeway needs Node ${OLDEST} or newer: nodejs.org has it`,
    );
  }
  if (name === undefined || HELP.has(name)) return void process.stdout.write(printHelp(args));
  if (name === '--version' || name === '-v') return void process.stdout.write(`${version()}\n`);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw usageError(`there is no command "${name}"; ${instead(name)}: rangeway --help`);
  if (args.some((arg) => arg === '--help' || arg === '-h')) return void process.stdout.write(printHelp([name]));
  await withPeers(() => command(args));
}

const HELP = new Set(['--help', '-h', 'help']);

/** The help of the command that the arguments name, else the overview. */
function printHelp([name]: readonly string[]): string {
  const spec = COMMANDS.find((one) => one.name === name);
  return spec === undefined ? printOverview() : printCommandHelp(spec);
}

function instead(name: string): string {
  const meant = suggest(name, Object.keys(commands));
  return `${meant === undefined ? '' : `did you mean ${meant}? `}there are ${Object.keys(commands).join(', ')}`;
}

/** Peer dependencies of `dev` alone. wrangler brings the other two along. */
const DEV_TOOLS: ReadonlySet<string> = new Set(['wrangler', 'miniflare', 'esbuild']);

/** Loads `dev` only if it is used: it needs wrangler, miniflare and esbuild, which are optional dependencies. */
async function loadDev() {
  try {
    return await import('./dev/dev.ts');
  } catch (error) {
    if (errorCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    const [, name] = /^Cannot find package '([^']+)'/.exec(error instanceof Error ? error.message : '') ?? [];
    if (name === undefined || !DEV_TOOLS.has(name)) throw error;
    const missing = isInstalled('wrangler') ? name : 'wrangler';
    throw usageError(`dev needs ${missing}, which is not installed: npm install --save-dev ${missing}`, error);
  }
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Error)) throw error;
  if (error.name !== 'UsageError' && error.name !== 'SettingsError') throw error;
  say(error.message);
  process.exitCode = EXIT_USAGE;
}
