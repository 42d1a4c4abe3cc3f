import { createGateway } from '../gateway/create-gateway.ts';
import type { MountConfig } from '../config/config.ts';
import { mistakesOf, settingsError, settingsErrorOf, type Mistake } from '../base/settings-error.ts';
import { secretsOfRule } from '../config/secret-names.ts';
import { memoryCache, openNodeConfig, type Config } from '../platform/node/index.ts';
import { memoryStore } from '../store/drivers/memory.ts';
import type { Platform } from '../platform/checked-config.ts';
import { openConfig, type PlatformParts } from '../platform/open-config.ts';
import { memoryTransferStore } from '../transfers/drivers/memory.ts';
import { openJwt } from '../platform/open-jwt.ts';

/** The surroundings in which a gateway would start, as far as they are known here. */
export interface Start {
  /** `undefined` if the configuration may be for any. */
  readonly platform: Platform | undefined;
  /** Values of variables and secrets by their names; empty if only the name is known. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Said of a secret that is not set; `undefined` if it may be set elsewhere, and is not to be refused. */
  readonly unset: string | undefined;
  /** R2 bindings of the Worker; `undefined` if they are not known. */
  readonly buckets?: ReadonlySet<string> | undefined;
  /** Bindings of datasets of Analytics Engine of the Worker; `undefined` if they are not known. */
  readonly datasets?: ReadonlySet<string> | undefined;
  /** The Worker of the package; `undefined` for a Worker of your own, which may have any store and rule. */
  readonly worker?: 'r2' | 's3' | undefined;
}

/**
 * Creates the gateway of a configuration as its platform does at the start, without requests to storages.
 *
 * @throws SettingsError with all mistakes for which the platform would refuse to start
 */
export async function checkStart(config: Config, start: Start): Promise<void> {
  const { mounts } = config;
  // Each part is opened alone, so that one mistake does not hide another.
  const [first] = mounts;
  const common = first === undefined ? [] : await mistakesAtStart({ ...config, mounts: [withoutParts(first)] }, start);
  const attempts = mounts.flatMap((mount, i) =>
    partsOf(mount).map(async (part) => {
      const mistakes = await mistakesAtStart(onlyMount(config, part), start);
      return mounts.length > 1 ? mistakes.map((mistake) => inMount(i, mistake)) : mistakes;
    }),
  );
  const mistakes = [...findMissingBucket(config, start), ...common, ...(await Promise.all(attempts)).flat()];
  if (mistakes.length === 0) return;
  throw settingsErrorOf(mistakes.map(({ setting, text }) => `${setting}: ${text}`).join('\n'), mistakes);
}

/** Finds the first mount that needs the Worker's own bucket, if the Worker has none. */
function findMissingBucket({ mounts }: Config, { worker, buckets, secrets, unset }: Start): readonly Mistake[] {
  const i = mounts.findIndex(({ store }) => store === undefined);
  const isMissing =
    worker === 'r2' ? buckets?.has('BUCKET') === false : unset !== undefined && !secrets.has('S3_BUCKET');
  if (i < 0 || worker === undefined || !isMissing) return [];
  const path = [...(mounts.length > 1 ? ['mounts', String(i)] : []), 'store'];
  const text = worker === 'r2' ? unboundMessage('BUCKET') : 'is missing; the Worker needs a store here, or S3_BUCKET';
  return [{ setting: path.join('.'), text, path, isUnknown: false }];
}

const UNBOUND = 'wrangler.toml has to bind a dataset as METRICS, with [[analytics_engine_datasets]]';

function unboundMessage(name: string): string {
  return `wrangler.toml has to bind an R2 bucket as ${name}, with [[r2_buckets]]`;
}

function onlyMount(config: Config, mount: MountConfig): Config {
  return {
    ...config,
    cache: undefined,
    purge: undefined,
    admin: undefined,
    metrics: undefined,
    transfers: undefined,
    mounts: [mount],
  };
}

/** Names the mount of a mistake. A mount that is opened alone has no number. */
function inMount(i: number, { setting, text, path, isUnknown }: Mistake): Mistake {
  return { setting: `mounts.${i}.${setting}`, text, path: ['mounts', String(i), ...path], isUnknown };
}

function withoutParts(mount: MountConfig): MountConfig {
  return { ...mount, access: 'public', store: undefined, fallback: undefined };
}

/** Returns the mount once with each of the parts that are opened at the start, and without the others. */
function partsOf(mount: MountConfig): readonly MountConfig[] {
  const { store, fallback, access } = mount;
  const bare = withoutParts(mount);
  return [
    { ...bare, store },
    { ...bare, fallback },
    { ...bare, access },
  ];
}

function withoutRule(mount: MountConfig): MountConfig {
  return { ...mount, access: 'public' };
}

async function mistakesAtStart(config: Config, start: Start) {
  try {
    const options = await open(withKnownSecrets(config, start), start);
    createGateway(options);
    // Its timer would open the database.
    await options.transfers?.close();
    return [];
  } catch (error) {
    const mistakes = mistakesOf(error);
    if (mistakes === undefined || mistakes.every(({ path }) => path.length === 0)) throw error;
    return mistakes;
  }
}

/** Leaves out the rules of which a secret is kept elsewhere: they can't be created here. */
function withKnownSecrets(config: Config, { secrets, unset }: Start): Config {
  const isElsewhere = (name: string) => {
    const value = secrets.get(name);
    return value === undefined ? unset === undefined : value === '';
  };
  const { purge, admin, log, metrics, transfers, mounts } = config;
  const hasAdmin = admin !== undefined && !isElsewhere(admin.token);
  const isTracking = hasAdmin && (transfers?.secret === undefined || !isElsewhere(transfers.secret));
  return {
    ...config,
    admin: hasAdmin ? admin : undefined,
    log: log.secret !== undefined && isElsewhere(log.secret) ? { client: 'none' } : log,
    metrics: hasAdmin || admin === undefined ? metrics : undefined,
    // Without admin they are refused, and that is no mistake if its token is kept elsewhere.
    transfers: isTracking || admin === undefined ? transfers : undefined,
    purge: purge !== undefined && isElsewhere(purge.token) ? undefined : purge,
    mounts: mounts.map((mount) => (secretsOfRule(mount.access).some(isElsewhere) ? withoutRule(mount) : mount)),
  };
}

async function open(config: Config, start: Start) {
  const secret = (name: string) => {
    const value = start.secrets.get(name);
    if (value === undefined) throw settingsError(`${name} is to hold a secret, and is not set; ${start.unset}`);
    return value;
  };
  if (start.platform === 'node') return openNodeConfig(config, memoryStore(), {}, '', () => undefined, secret);
  // The types of stores and caches are checked before, so anything can stand for them.
  const parts: PlatformParts = {
    defaultStore: () => memoryStore(),
    open: (store) => {
      const isUnbound = store.type === 'r2' && start.buckets?.has(store.binding) === false;
      if (isUnbound) throw settingsError(unboundMessage(store.binding), 'binding');
      return store.type === 's3' && start.worker === 'r2' ? undefined : memoryStore();
    },
    cache: () => memoryCache({ maxBytes: 1 }),
    metrics: (form) => {
      if (form === 'analytics-engine' && start.datasets?.has('METRICS') === false)
        throw settingsError(UNBOUND, 'metrics');
      return {};
    },
    transfers: () => memoryTransferStore(),
    defaultTransfers: start.platform === 'workers' ? 'durable-object' : 'memory',
    secret,
    jwt: start.worker === 'r2' ? undefined : openJwt,
  };
  return openConfig(config, parts);
}
