import { randomUUID } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Log, LogLevel, Miniflare } from 'miniflare';
import { unstable_readConfig } from 'wrangler';
import { parseConfig, type Config } from '../../config/config.ts';
import { usageError } from '../usage.ts';
import { localBucket, type LocalBucket } from './local-bucket.ts';
import { fileUploads, memoryUploads } from './uploads.ts';
import { readWorkerSecrets } from './worker-variables.ts';
import { watchOver, type Watchdog } from './watchdog.ts';

/** A Worker to run in workerd. */
export interface WorkerdOptions {
  /** Fills the bucket. The gateway listens when that has ended. */
  readonly prepare?: PrepareBucket | undefined;
  /** Its wrangler.toml; Rangeway's own is {@link OWN_CONFIG}. */
  readonly config: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** The folder that keeps the bucket between runs. By default the bucket is in memory. */
  readonly persist?: string | undefined;
  /** Bytes of a part of a file that is uploaded in parts. */
  readonly uploadPart?: number | undefined;
  /** Called with each line of the Worker's console, log lines included. */
  readonly onOutput?: (line: string) => void;
  /** An environment of the wrangler.toml, such as `s3`. */
  readonly environment?: string;
  /** The setting `listing` of mounts that do not set it. */
  readonly listing?: 'html' | undefined;
  /** Variables and secrets that are added to those of the wrangler.toml, or replace them. */
  readonly variables?: Readonly<Record<string, string | boolean>>;
}

/** A running Worker. */
export interface Workerd {
  /** Without a trailing slash. */
  readonly url: string;
  /** The bucket that it is bound to. */
  readonly bucket: LocalBucket;
  /** The configuration of the Worker. */
  readonly settings: Config;
  stop(): Promise<void>;
}

/** Called with the bucket before the gateway listens. */
export type PrepareBucket = (bucket: LocalBucket) => Promise<void>;

const here = dirname(fileURLToPath(import.meta.url));

/** The wrangler.toml of the package, over R2. */
export const OWN_CONFIG = resolve(here, '../../../wrangler.toml');

/** The wrangler.s3.toml of the package. */
export const OWN_S3_CONFIG = resolve(here, '../../../wrangler.s3.toml');

/** The compatibility date for a wrangler.toml without one. The newest that workerd accepts is some months old. */
const DEFAULT_DATE = '2026-08-06';

/** Printed by workerd for each error of local R2, for example a range that starts at the object's end. */
const SIMULATOR_NOISE = 'R2 error response does not contain the CF-R2-Error header';

/** The extension of this module: `.ts` in a checkout, `.js` in the package. */
const EXTENSION = import.meta.url.slice(-3);

/**
 * Runs the Worker of a wrangler.toml in workerd, with local buckets. Requests reach it straight from its own socket:
 * the proxy that `wrangler dev` puts in between answers some 300 requests a second and no more.
 *
 * @throws SettingsError if the variable RANGEWAY of the wrangler.toml can't be used
 * @throws UsageError if its `main` is missing or can't be bundled
 */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const { config, environment, persist, onOutput, prepare, uploadPart } = options;
  const wrangler = unstable_readConfig({ config, ...(environment === undefined ? {} : { env: environment }) });
  // The Worker would refuse wrong settings too, but with a stack trace of workerd.
  const settings = parseConfig(wrangler.vars['RANGEWAY'] ?? {});
  const token = randomUUID();
  const admin = await adminWorker(wrangler, token);
  const gateway = await gatewayWorker(wrangler, settings, options);
  const uploads = persist === undefined ? memoryUploads() : fileUploads(join(persist, 'uploads.json'));
  const base = {
    // Required by wrangler, and not used.
    host: '127.0.0.1',
    port: 0,
    log: new Log(LogLevel.NONE),
    telemetry: { enabled: false },
    handleStructuredLogs: ({ message }: { readonly message: string }) =>
      message.startsWith(SIMULATOR_NOISE) ? undefined : onOutput?.(message),
    ...(persist === undefined ? {} : { resourcePersistencePath: persist }),
  };
  const miniflare = new Miniflare({ ...base, workers: prepare === undefined ? [gateway, admin] : [admin] });
  let watchdog: Watchdog | undefined;
  try {
    await miniflare.ready;
    watchdog = watchOver('workerd');
    if (prepare !== undefined) {
      await prepare(localBucket(await miniflare.unsafeGetDirectURL('admin'), token, uploads, uploadPart));
      // The bucket is kept, and the process of workerd is another one.
      await miniflare.setOptions({ ...base, workers: [gateway, admin] });
      watchdog.stop();
      watchdog = watchOver('workerd');
    }
    const url = await miniflare.unsafeGetDirectURL('gateway');
    const bucket = localBucket(await miniflare.unsafeGetDirectURL('admin'), token, uploads, uploadPart);
    return {
      url: url.origin,
      bucket,
      settings,
      async stop() {
        await miniflare.dispose();
        watchdog?.stop();
      },
    };
  } catch (error) {
    await miniflare.dispose().catch(() => undefined);
    watchdog?.stop();
    throw error;
  }
}

type WranglerConfig = ReturnType<typeof unstable_readConfig>;

async function gatewayWorker(
  wrangler: WranglerConfig,
  settings: Config,
  { config, host, port, listing, variables = {} }: WorkerdOptions,
) {
  const { vars } = wrangler;
  const secrets = readWorkerSecrets(dirname(config), settings);
  const written = listing === undefined ? vars : withListing(vars, listing);
  const texts = Object.entries({ ...written, ...secrets, ...variables });
  return {
    config: {
      name: 'gateway',
      ...compatibilityOf(wrangler),
      manifest: await bundleMain(wrangler, config),
      exports: durableObjectsOf(wrangler),
      env: {
        ...bucketsOf(wrangler),
        ...durableObjectBindingsOf(wrangler),
        ...datasetsOf(wrangler),
        ...Object.fromEntries(texts.map(([name, value]) => [name, { type: 'json', value } as const])),
      },
    },
    dev: { unsafeDirectSockets: [{ host, port }] },
  };
}

/** Bundles the Worker that a wrangler.toml names. */
async function bundleMain({ main, alias }: WranglerConfig, config: string) {
  if (main === undefined) throw usageError(`${config} names no Worker: it needs the field main`);
  try {
    return await bundle(main, dirname(config), alias);
  } catch (error) {
    // esbuild's message is a line of its own, and a line for each mistake.
    const [, ...mistakes] = error instanceof Error ? error.message.split('\n') : [];
    throw usageError(`${config}: the Worker of main can't be bundled: ${mistakes.join('; ')}`, error);
  }
}

/** Adds the setting `listing` to the variable RANGEWAY, unless it or a mount has it. */
function withListing(vars: WranglerConfig['vars'], listing: 'html'): WranglerConfig['vars'] {
  const { RANGEWAY: settings = {} } = vars;
  const isSet = JSON.stringify(settings).includes('"listing":');
  return isSet || typeof settings !== 'object' ? vars : { ...vars, RANGEWAY: { listing, ...settings } };
}

/** The Worker that fills the bucket, on a port of its own. */
async function adminWorker(wrangler: WranglerConfig, token: string) {
  return {
    config: {
      name: 'admin',
      ...compatibilityOf(wrangler),
      manifest: await bundle(join(here, `bucket-admin${EXTENSION}`), here),
      env: { ...bucketsOf(wrangler), ADMIN_TOKEN: { type: 'text', value: token } as const },
    },
    dev: { unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }] },
  };
}

function compatibilityOf({ compatibility_date, compatibility_flags }: WranglerConfig) {
  return { compatibilityDate: compatibility_date ?? DEFAULT_DATE, compatibilityFlags: compatibility_flags };
}

function bucketsOf({ r2_buckets }: WranglerConfig) {
  return Object.fromEntries(
    r2_buckets.map(({ binding, bucket_name }: BucketConfig) => [binding, r2(bucket_name ?? binding)]),
  );
}

/** The classes of the Worker's own Durable Objects. All of them have SQLite. */
function durableObjectsOf({ durable_objects }: WranglerConfig) {
  const classes = durable_objects.bindings.map(({ class_name }: ShardsConfig) => class_name);
  return Object.fromEntries(
    classes.map((name: string) => [name, { type: 'durable-object', storage: 'sqlite' } as const]),
  );
}

function durableObjectBindingsOf({ durable_objects }: WranglerConfig) {
  return Object.fromEntries(
    durable_objects.bindings.map(({ name, class_name }: ShardsConfig) => [
      name,
      { type: 'durable-object', worker: 'gateway', exportName: class_name } as const,
    ]),
  );
}

/** Datasets of Analytics Engine. The simulator drops the data points that a Worker writes. */
function datasetsOf({ analytics_engine_datasets }: WranglerConfig) {
  return Object.fromEntries(
    analytics_engine_datasets.map(({ binding, dataset }: DatasetConfig) => [
      binding,
      { type: 'analytics-engine-dataset', name: dataset ?? binding } as const,
    ]),
  );
}

interface DatasetConfig {
  readonly binding: string;
  readonly dataset?: string;
}

interface ShardsConfig {
  readonly name: string;
  readonly class_name: string;
}

interface BucketConfig {
  readonly binding: string;
  readonly bucket_name?: string;
}

function r2(name: string) {
  return { type: 'r2', name } as const;
}

/** Bundles the Worker as `wrangler deploy` does. */
async function bundle(entry: string, folder: string, alias: Record<string, string> = {}) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    alias,
    // Aliases are resolved from here.
    absWorkingDir: folder,
    write: false,
    logLevel: 'silent',
  });
  const contents = outputFiles[0]?.text ?? '';
  return {
    mainModule: 'worker.js',
    modulesRoot: dirname(entry),
    modules: { 'worker.js': { type: 'esm', contents } },
  } as const;
}
