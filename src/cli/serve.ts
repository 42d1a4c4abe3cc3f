import {
  createGateway,
  fsStore,
  openNodeConfig,
  parseConfig,
  type Config,
  type FetchHandler,
  type ListenOptions,
  type NodeServer,
} from '../platform/node/index.ts';
import { serve } from '../platform/node/serve.ts';
import { lineLog } from '../platform/node/line-log.ts';
import { loadS3 } from '../platform/s3/load-s3.ts';
import type { S3Source } from '../platform/s3/s3-storage.ts';
import { readJsonFile } from './json-file.ts';
import { explainListenError, parseCommandLine, parseFolder, parsePort } from './options.ts';
import { parseS3Source } from './s3-options.ts';
import { SERVE_COMMAND } from './commands.ts';
import { indexInBackground } from './index/background.ts';
import { untilStopped } from './until-stopped.ts';
import { printAddresses } from './printed-address.ts';
import { say } from './say.ts';
import { mergeSettings, parseSimpleSettings, type SimpleSettings } from './simple-settings.ts';
import { usageError } from './usage.ts';

/** After a signal, running downloads have this long to finish, in ms. A second signal ends them at once. */
const STOP_LIMIT = 30_000;

/** The default for concurrent downloads: the number of connections to a storage. */
const MAX_DOWNLOADS = 1_000;

/**
 * Runs `rangeway serve`: the gateway on Node over a folder or a bucket, until a signal arrives.
 *
 * @throws UsageError for an option that is wrong, a port that is taken, or a bucket that refuses to be read
 */
export async function serveOnNode(args: readonly string[]): Promise<void> {
  const { texts, flags } = parseCommandLine(args, SERVE_COMMAND);
  const { dir, config, host = '127.0.0.1' } = texts;
  const source = parseS3Source(texts, flags.has('path-style'));
  if (dir !== undefined && source !== undefined)
    throw usageError('--dir and --s3 are two stores; --config takes a file with both as mounts');
  const hidden = flags.has('hidden');
  if (hidden && dir === undefined)
    throw usageError('--hidden goes with --dir DIR; the store of a mount has a setting hidden of its own');
  const port = parsePort(texts.port);
  const simple = parseSimpleSettings(texts, flags);
  const checked = readConfig(config, simple);
  const { store, name, indexes } = await openOwn(
    dir === undefined ? undefined : { folder: dir, hidden },
    source,
    checked,
  );
  const limits = { downloads: MAX_DOWNLOADS, ...checked.limits };
  const secret = (variable: string) => simple.secrets.get(variable) ?? process.env[variable];
  const log = lineLog(process.stdout, process);
  const opened = await openNodeConfig(checked, store, source?.access, source?.prefix, log, secret, indexes);
  const gateway = createGateway({ ...opened, limits });
  const server = await listen(gateway, { host, port, ...limits, trustedProxies: checked.trustedProxies });
  say(`${name} served at ${printAddresses(server.url)}`);
  if (dir !== undefined && flags.has('pieces')) indexInBackground(['--dir', dir, ...(hidden ? ['--hidden'] : [])]);
  await untilStopped();
  say(stoppingMessage(server.inProgress()));
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  await server.stop(STOP_LIMIT);
  process.exit(0);
}

function stoppingMessage(count: number): string {
  if (count === 0) return 'stopping';
  const downloads = count === 1 ? '1 download is' : `${count} downloads are`;
  return `stopping; ${downloads} finishing, within ${STOP_LIMIT / 1000} seconds; a second signal ends them at once`;
}

/** Opens the store of the command line. Without one, every mount needs a store of its own. */
async function openOwn(dir: Folder | undefined, source: S3Source | undefined, { mounts }: Config) {
  if (source !== undefined) return openBucket(source);
  if (dir !== undefined) return openFolder(dir);
  if (mounts.every(({ store }) => store !== undefined))
    return {
      store: undefined,
      indexes: undefined,
      name: mounts.length === 1 ? '1 mount is' : `${mounts.length} mounts are`,
    };
  throw usageError(
    'serve needs a folder or a bucket: rangeway serve --dir DIR, or rangeway serve --s3 BUCKET, or a store for each mount of --config FILE',
  );
}

interface Folder {
  readonly folder: string;
  readonly hidden: boolean;
}

function openFolder({ folder: dir, hidden }: Folder) {
  const folder = parseFolder(dir);
  const indexes = (place?: string) => (place === undefined ? fsStore(folder) : fsStore(parseFolder(place)));
  return { store: fsStore(folder, { hidden }), name: `${folder} is`, indexes };
}

/**
 * Opens a bucket. One signed read shows at start whether bucket, credentials or clock are wrong.
 *
 * @throws UsageError with the reason and what to do
 */
export async function openBucket(source: S3Source) {
  const { bucket, prefix = '' } = source;
  const { checkS3, s3Storage } = await loadS3();
  const check = await checkS3(source);
  switch (check.type) {
    case 'readable':
      if (check.note !== undefined) say(check.note);
      break;
    case 'unsure':
      say(`--s3 ${bucket}: ${check.says}`);
      break;
    case 'refused':
    case 'unreachable':
      throw usageError(`--s3 ${bucket} can't be read: ${check.says}`);
  }
  const indexes = (other = bucket) => s3Storage({ ...source, bucket: other, prefix: '' });
  return { store: s3Storage(source), name: `s3://${bucket}/${prefix} is`, indexes };
}

async function listen(gateway: FetchHandler, options: ListenOptions & { readonly host: string }): Promise<NodeServer> {
  try {
    return await serve(gateway, options);
  } catch (error) {
    throw explainListenError(error, options.host, options.port);
  }
}

/** Reads the configuration of a file and of the command line. Without them, all values are the defaults. */
function readConfig(file: string | undefined, simple: SimpleSettings): Config {
  const input = file === undefined ? {} : readJsonFile(file, `--config ${file}`);
  return parseConfig(mergeSettings(input, simple, file));
}
