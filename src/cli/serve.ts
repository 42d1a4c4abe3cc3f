import { readFileSync } from 'node:fs';
import { createGateway, fsStore, serve, type NodeServer } from '../platform/node.ts';
import type { FetchHandler } from '../platform/node.ts';
import { explainListenError, parseFolder, parseOptions, parsePort, untilStopped } from './options.ts';
import { usageError } from './usage.ts';

/** How long running downloads may take to finish after a signal, in ms. A second signal ends them at once. */
const STOP_LIMIT = 30_000;

/** `rangeway serve`: the gateway on Node over a folder, until a signal. */
export async function serveFolder(args: readonly string[]): Promise<void> {
  const {
    dir,
    settings,
    port: portOption,
    host = '127.0.0.1',
  } = parseOptions(args, ['dir', 'port', 'host', 'settings']);
  if (dir === undefined) throw usageError('serve needs a folder: rangeway serve --dir DIR');
  const folder = parseFolder(dir);
  const port = parsePort(portOption);
  const gateway = createGateway({ ...readSettings(settings), store: fsStore(folder) });
  const server = await listen(gateway, host, port);
  process.stderr.write(`rangeway: ${folder} is served at ${server.url}/\n`);
  await untilStopped();
  process.stderr.write(`rangeway: stopping; running downloads have ${STOP_LIMIT / 1000} seconds to finish\n`);
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  await server.stop(STOP_LIMIT);
  process.exit(0);
}

async function listen(gateway: FetchHandler, host: string, port: number): Promise<NodeServer> {
  try {
    return await serve(gateway, { host, port });
  } catch (error) {
    throw explainListenError(error, host, port);
  }
}

function readSettings(file: string | undefined): object {
  if (file === undefined) return {};
  const settings = parseJson(file);
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw usageError(`--settings ${file}: it has to be a JSON object of fields`);
  }
  return settings;
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw usageError(`--settings ${file}: ${error instanceof Error ? error.message : 'it is not JSON'}`, error);
  }
}
