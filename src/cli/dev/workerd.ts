import { randomUUID } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Log, LogLevel, Miniflare } from 'miniflare';
import { unstable_readConfig } from 'wrangler';
import { parseConfig } from '../../config/config.ts';
import { localBucket, type LocalBucket } from './local-bucket.ts';

/** A Worker to run in workerd. */
export interface WorkerdOptions {
  /** Its wrangler.toml; Rangeway's own is {@link OWN_CONFIG}. */
  readonly config: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** The folder that keeps the bucket between runs. By default the bucket is in memory. */
  readonly persist?: string | undefined;
  /** Called with each line of the Worker's console, log lines included. */
  readonly onOutput?: (line: string) => void;
  /** An environment of the wrangler.toml, such as `s3`. */
  readonly environment?: string;
  /** Variables and secrets that are added to those of the wrangler.toml, or replace them. */
  readonly variables?: Readonly<Record<string, string | boolean>>;
}

/** A running Worker. */
export interface Workerd {
  /** Without a trailing slash. */
  readonly url: string;
  /** The bucket that it is bound to. */
  readonly bucket: LocalBucket;
  stop(): Promise<void>;
}

const here = dirname(fileURLToPath(import.meta.url));

/** The wrangler.toml of the package. */
export const OWN_CONFIG = resolve(here, '../../../wrangler.toml');

/** The compatibility date for a wrangler.toml without one. The newest that workerd accepts is some months old. */
const DEFAULT_DATE = '2026-08-06';

/** Printed by workerd for each error of local R2, for example a range that starts at the object's end. */
const SIMULATOR_NOISE = 'R2 error response does not contain the CF-R2-Error header';

/** The extension of this module: `.ts` in a checkout, `.js` in the package. */
const EXTENSION = import.meta.url.slice(-3);

/**
 * Runs the Worker of a wrangler.toml in workerd, with local buckets. Requests reach it straight from its own socket:
 * the proxy that `wrangler dev` puts in between answers some 300 requests a second and no more.
 */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const { config, environment, host, port, persist, onOutput, variables = {} } = options;
  const { main, alias, compatibility_date, compatibility_flags, r2_buckets, vars } = unstable_readConfig({
    config,
    ...(environment === undefined ? {} : { env: environment }),
  });
  if (main === undefined) throw new Error(`${config} names no Worker: it needs the field main`);
  // The Worker would refuse them too, but with a stack trace of workerd.
  parseConfig(vars['RANGEWAY'] ?? {});
  const token = randomUUID();
  const compatibility = {
    compatibilityDate: compatibility_date ?? DEFAULT_DATE,
    compatibilityFlags: compatibility_flags,
  };
  const buckets = Object.fromEntries(
    r2_buckets.map(({ binding, bucket_name }: BucketConfig) => [binding, r2(bucket_name ?? binding)]),
  );
  const texts = Object.entries({ ...vars, ...variables });
  const miniflare = new Miniflare({
    // Required by wrangler, and not used.
    host: '127.0.0.1',
    port: 0,
    log: new Log(LogLevel.NONE),
    telemetry: { enabled: false },
    handleStructuredLogs: ({ message }) => (message.startsWith(SIMULATOR_NOISE) ? undefined : onOutput?.(message)),
    ...(persist === undefined ? {} : { resourcePersistencePath: persist }),
    workers: [
      {
        config: {
          name: 'gateway',
          ...compatibility,
          manifest: await bundle(main, dirname(config), alias),
          env: { ...buckets, ...Object.fromEntries(texts.map(([name, value]) => [name, { type: 'json', value }])) },
        },
        dev: { unsafeDirectSockets: [{ host, port }] },
      },
      {
        config: {
          name: 'admin',
          ...compatibility,
          manifest: await bundle(join(here, `bucket-admin${EXTENSION}`), here),
          env: { ...buckets, ADMIN_TOKEN: { type: 'text', value: token } },
        },
        dev: { unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }] },
      },
    ],
  });
  try {
    await miniflare.ready;
    const url = await miniflare.unsafeGetDirectURL('gateway');
    const admin = await miniflare.unsafeGetDirectURL('admin');
    return { url: url.origin, bucket: localBucket(admin, token), stop: () => miniflare.dispose() };
  } catch (error) {
    await miniflare.dispose().catch(() => undefined);
    throw error;
  }
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
