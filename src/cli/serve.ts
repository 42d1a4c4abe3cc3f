import { readFileSync } from 'node:fs';
import { createGateway, describeError, fsStore, parseSettings, s3Storage, serve } from '../platform/node.ts';
import type { FetchHandler, ListenOptions, NodeServer, Settings } from '../platform/node.ts';
import { explainListenError, parseFolder, parseOptions, parsePort, untilStopped } from './options.ts';
import { parseS3Source, S3_OPTIONS, type S3Source } from './s3-options.ts';
import { usageError } from './usage.ts';

/** How long running downloads may take to finish after a signal, in ms. A second signal ends them at once. */
const STOP_LIMIT = 30_000;

/** By default as many downloads at once as there are connections to a storage. */
const MAX_DOWNLOADS = 1_000;

/** `rangeway serve`: the gateway on Node over a folder or a bucket, until a signal. */
export async function serveOnNode(args: readonly string[]): Promise<void> {
  const { texts, flags } = parseOptions(args, ['dir', 'port', 'host', 'settings', ...S3_OPTIONS], ['path-style']);
  const { dir, settings, host = '127.0.0.1' } = texts;
  const source = parseS3Source(texts, flags.has('path-style'));
  if ((dir === undefined) === (source === undefined)) {
    throw usageError('serve needs a folder or a bucket: rangeway serve --dir DIR, or rangeway serve --s3 BUCKET');
  }
  const port = parsePort(texts.port);
  const { store, name } = source === undefined ? openFolder(dir ?? '.') : await openBucket(source);
  const checked = readSettings(settings);
  const limits = { downloads: MAX_DOWNLOADS, ...checked.limits };
  const server = await listen(createGateway({ ...checked, limits, store }), { host, port, ...limits });
  process.stderr.write(`rangeway: ${name} is served at ${server.url}/\n`);
  await untilStopped();
  process.stderr.write(`rangeway: stopping; running downloads have ${STOP_LIMIT / 1000} seconds to finish\n`);
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  await server.stop(STOP_LIMIT);
  process.exit(0);
}

function openFolder(dir: string) {
  const folder = parseFolder(dir);
  return { store: fsStore(folder), name: folder };
}

/** Asks for an object that is not there: wrong credentials, a missing bucket or a wrong address show at start. */
export async function openBucket({ bucket, prefix, access, replica }: S3Source) {
  const store = s3Storage(access, { bucket, prefix }, replica);
  await store.read(`rangeway-start-${Date.now()}`).catch((error: unknown) => {
    throw usageError(`--s3 ${bucket} can't be read: ${describeError(error)}`, error);
  });
  return { store, name: `s3://${bucket}/${prefix}` };
}

async function listen(gateway: FetchHandler, options: ListenOptions & { readonly host: string }): Promise<NodeServer> {
  try {
    return await serve(gateway, options);
  } catch (error) {
    throw explainListenError(error, options.host, options.port);
  }
}

/** Checked before anything else joins them, so that a file can name nothing but settings. */
function readSettings(file: string | undefined): Partial<Settings> {
  return file === undefined ? {} : parseSettings(parseJson(file));
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw usageError(`--settings ${file}: ${error instanceof Error ? error.message : 'it is not JSON'}`, error);
  }
}
