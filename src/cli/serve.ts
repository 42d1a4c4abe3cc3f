import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
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
import { openTransferStore } from '../platform/node/open-transfer-store.ts';
import { serve } from '../platform/node/serve.ts';
import { lineLog } from '../platform/node/line-log.ts';
import { loadS3 } from '../platform/s3/load-s3.ts';
import type { S3Source } from '../platform/s3/s3-storage.ts';
import { explainMistakes, type ConfigSource } from './explain-mistakes.ts';
import { readJsonFile } from './json-file.ts';
import { joinCluster, shareOf, type ClusterMember } from './cluster/member.ts';
import { runPrimary } from './cluster/primary.ts';
import { formatBytes } from './progress.ts';
import { explainListenError, parseCommandLine, parseFolder, parsePort, parseWorkers } from './options.ts';
import { parseS3Source } from './s3-options.ts';
import { SERVE_COMMAND } from './server-commands.ts';
import { indexInBackground } from './index/background.ts';
import { untilStopped } from './until-stopped.ts';
import { printAddresses } from './printed-address.ts';
import { isTerminal, parseLogFormat, prettyLines, TERMINAL, type LogFormat } from './log-format.ts';
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
  const options = await parseServe(args);
  const member = joinCluster();
  if (member !== undefined) return serveAsWorker(options, member);
  if (options.workers > 1) return serveWithWorkers(options);
  const { server, name, stop } = await start(options);
  // Before the address is told: a signal may follow at once.
  const stopped = untilStopped();
  say(`${name} served at ${printAddresses(server.url)}`);
  buildIndexes(options);
  await stopped;
  announceStop(server.inProgress());
  await stop();
  process.exit(0);
}

async function serveAsWorker(options: ServeOptions, member: ClusterMember): Promise<void> {
  const starting = start(options, member);
  starting.catch(() => member.leave());
  const started = await Promise.race([starting, member.stopped.then(() => undefined)]);
  // A bucket that does not respond must not hold up the stop.
  if (started === undefined) process.exit(0);
  const { server, name, metrics, stop } = started;
  member.send({ type: 'listening', url: server.url, name });
  await member.stopped;
  member.send({ type: 'stopping', inProgress: server.inProgress() });
  await stop();
  // The primary process keeps the counters of a worker that has ended.
  if (metrics !== undefined) await member.sendLast({ type: 'measured', id: 0, snapshot: metrics.snapshot() });
  process.exit(0);
}

async function serveWithWorkers(options: ServeOptions): Promise<void> {
  const {
    workers: count,
    config: { cache, transfers, limits },
  } = options;
  // The output of a worker is a pipe, whatever that of this process is.
  process.env[TERMINAL] = isTerminal() ? '1' : '';
  // All workers have to give a client the same name. They inherit the variable.
  if (transfers !== undefined) process.env[SHARED_SECRET] ??= randomUUID() + randomUUID();
  const code = await runPrimary({
    count,
    stopLimit: limits.drainDelay + STOP_LIMIT,
    transferStore: transfers && openTransferStore(transfers),
    stopped: untilStopped(),
    onListening: (url, name) => {
      say(`${name} served by ${count} workers at ${printAddresses(url)}`);
      const memory = cache?.type === 'memory' ? cache.bytes : cache?.type === 'disk' ? cache.memory : 0;
      if (memory > 0) say(`each worker has a memory cache of its own: ${count} times ${formatBytes(memory)}`);
      buildIndexes(options);
    },
    onStopping: announceStop,
  });
  process.exit(code);
}

/** The key of the hashes of addresses, if the configuration names no secret for it. */
const SHARED_SECRET = 'RANGEWAY_TRANSFERS_KEY';

/** The command line, checked. */
interface ServeOptions {
  readonly folder: Folder | undefined;
  readonly bucket: S3Source | undefined;
  readonly source: ConfigSource;
  readonly config: Config;
  readonly secrets: SimpleSettings['secrets'];
  readonly host: string;
  readonly port: number;
  readonly workers: number;
  readonly log: LogFormat;
  /** Whether piece indexes are served. */
  readonly pieces: boolean;
}

async function parseServe(args: readonly string[]): Promise<ServeOptions> {
  const { texts, flags } = parseCommandLine(args, SERVE_COMMAND);
  const { dir, host = '127.0.0.1' } = texts;
  const bucket = parseS3Source(texts, flags.has('path-style'));
  if (dir !== undefined && bucket !== undefined)
    throw usageError('--dir and --s3 are two stores; --config takes a file with both as mounts');
  const hidden = flags.has('hidden');
  if (hidden && dir === undefined)
    throw usageError('--hidden goes with --dir DIR; the store of a mount has a setting hidden of its own');
  const port = parsePort(texts.port);
  const workers = parseWorkers(texts.workers);
  const simple = parseSimpleSettings(texts, flags);
  const source = readConfig(texts.config, simple);
  const config = await explainMistakes(source, () => parseConfig(source.input));
  const downloads = config.limits.downloads ?? MAX_DOWNLOADS;
  if (downloads < workers)
    throw usageError(`limits.downloads: ${downloads} is less than one for each of ${workers} workers`);
  const folder = dir === undefined ? undefined : { folder: dir, hidden };
  return {
    folder,
    bucket,
    source,
    config: { ...config, limits: { ...config.limits, downloads } },
    secrets: simple.secrets,
    host,
    port,
    workers,
    log: parseLogFormat(texts.log, isTerminal()),
    pieces: flags.has('pieces'),
  };
}

/** Opens the gateway, and listens. A worker has its part of the limits. */
async function start(options: ServeOptions, member?: ClusterMember) {
  const { folder, bucket, source, config, secrets, host, port, workers, log: format } = options;
  const tell = member === undefined || member.number === 0 ? say : () => undefined;
  const { store, name, indexes } = await openOwn(folder, bucket, config, source, tell);
  const secret = (variable: string) => secrets.get(variable) ?? process.env[variable];
  // Without identities, no address is hashed, and a secret would be refused.
  const isHashed = member !== undefined && config.transfers?.identity !== 'none';
  const transfers = isHashed && config.transfers ? { secret: SHARED_SECRET, ...config.transfers } : undefined;
  const log = lineLog(process.stdout, process, format === 'pretty' ? prettyLines(isTerminal()) : undefined);
  const { downloads = MAX_DOWNLOADS } = config.limits;
  const share = member === undefined ? downloads : shareOf(downloads, member.number, workers);
  const limits = { ...config.limits, downloads: share };
  const draining = new AbortController();
  const { gateway, tracker, metrics } = await explainMistakes(source, async () => {
    const opened = await openNodeConfig(
      transfers === undefined ? config : { ...config, transfers },
      store,
      bucket?.access,
      bucket?.prefix,
      log,
      secret,
      indexes,
      member?.transferStore,
    );
    const purge = opened.purge && { ...opened.purge, peers: member?.peers };
    const logged = format === 'off' ? { ...opened, observers: [] } : opened;
    const summed = opened.metrics && { ...opened.metrics, collect: member?.collectMetrics };
    const app = createGateway({ ...logged, purge, metrics: summed, limits, draining: draining.signal });
    return { gateway: app, tracker: opened.transfers, metrics: opened.metrics };
  });
  const server = await listen(gateway, { host, port, ...limits, trustedProxies: config.trustedProxies });
  metrics?.watch('connections', () => server.connections());
  if (tracker !== undefined) metrics?.watch('lostTransferChanges', tracker.lost);
  if (metrics !== undefined) member?.reportMetrics(metrics.snapshot);
  const stop = async () => {
    draining.abort();
    await sleep(limits.drainDelay);
    await server.stop(STOP_LIMIT);
    await tracker?.close();
  };
  return { server, name, metrics, stop };
}

/** Builds the piece indexes that are missing. One process does it for all workers. */
function buildIndexes({ folder, pieces }: ServeOptions): void {
  if (folder === undefined || !pieces) return;
  indexInBackground(['--dir', folder.folder, ...(folder.hidden ? ['--hidden'] : [])]);
}

/** Tells that the command stops. A second signal ends it at once. */
function announceStop(count: number): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  if (count === 0) return say('stopping');
  const downloads = count === 1 ? '1 download is' : `${count} downloads are`;
  say(`stopping; ${downloads} finishing, within ${STOP_LIMIT / 1000} seconds; a second signal ends them at once`);
}

/**
 * Opens the store of the command line. Without one, every mount needs a store of its own; a mount of the file that has
 * none is refused when the mounts are opened.
 */
async function openOwn(
  dir: Folder | undefined,
  source: S3Source | undefined,
  { mounts }: Config,
  { input }: ConfigSource,
  tell: (note: string) => void,
) {
  if (source !== undefined) return openBucket(source, tell);
  if (dir !== undefined) return openFolder(dir);
  if (typeof input === 'object' && input !== null && 'mounts' in input)
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
 * @param tell receives what a user should know of a bucket that can be used
 * @throws UsageError with the reason and what to do
 */
export async function openBucket(source: S3Source, tell: (note: string) => void = say) {
  const { bucket, prefix = '' } = source;
  const { checkS3, s3Storage } = await loadS3();
  const check = await checkS3(source);
  switch (check.type) {
    case 'readable':
      if (check.note !== undefined) tell(check.note);
      break;
    case 'unsure':
      tell(`--s3 ${bucket}: ${check.says}`);
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
function readConfig(file: string | undefined, simple: SimpleSettings): ConfigSource {
  const source = file === undefined ? { input: {} } : readJsonFile(file, `--config ${file}`);
  return mergeSettings(source, simple);
}
