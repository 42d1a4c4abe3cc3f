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
  /** 0 for any that is free. */
  readonly port: number;
  /** Folder that keeps the bucket between runs; in memory where there is none. */
  readonly persist?: string | undefined;
  /** Takes what the Worker writes to its console, the log lines among it. */
  readonly onOutput?: (line: string) => void;
  /** An environment of the wrangler.toml, such as `s3`. */
  readonly environment?: string;
  /** Variables and secrets beside those of the wrangler.toml, over which they win. */
  readonly variables?: Readonly<Record<string, string | boolean>>;
}

/** A Worker that runs. */
export interface Workerd {
  /** Without a slash at its end. */
  readonly url: string;
  /** The bucket that it is bound to. */
  readonly bucket: LocalBucket;
  stop(): Promise<void>;
}

const here = dirname(fileURLToPath(import.meta.url));

/** The wrangler.toml that Rangeway comes with. */
export const OWN_CONFIG = resolve(here, '../../../wrangler.toml');

/** For a wrangler.toml that has none; workerd's newest is some months behind the calendar. */
const DEFAULT_DATE = '2026-08-06';

/** What workerd prints whenever local R2 fails, as it does for a range that starts at the object's end. */
const SIMULATOR_NOISE = 'R2 error response does not contain the CF-R2-Error header';

/** This module's own ending: `.ts` in a checkout, `.js` when installed. */
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
  // The Worker would refuse them too, but with a stack out of workerd.
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
    // Its own entry is not used; it can't be left out.
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

/** As `wrangler deploy` would bundle it. */
async function bundle(entry: string, folder: string, alias: Record<string, string> = {}) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    alias,
    // Where aliases are looked up from.
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
