import { toCorsPolicy, type AccessConfig, type Config } from '../platform/checked-config.ts';

/** The file that a configuration is read from, and its variables. */
export interface Surroundings {
  readonly file: string;
  /** Names of the variables that are set. */
  readonly variables: ReadonlySet<string>;
}

/** Prints a configuration: the common settings, then one block a mount. A secret is printed as its name and whether it is set. */
export function describeConfig(
  { limits, logged, log, cache, purge, metrics, trustedProxies, mounts }: Config,
  { file, variables }: Surroundings,
): string {
  const token = purge === undefined ? 'off' : printSecret(purge.token, variables);
  const common = lines('', {
    limits,
    logged,
    log,
    cache: cache ?? 'none',
    'purge.token': token,
    metrics: metrics ?? "the platform's default",
    trustedProxies,
  });
  const described = mounts.map(({ path, host, store, access, cors, blocks: { size, ...blocks }, ...settings }, i) => {
    const place = `${host ?? '*'}${path}`;
    const shown = {
      store: store ?? OF_THE_PLATFORM,
      access: printAccess(access, variables),
      ...settings,
      cors: toCorsPolicy(cors, access),
      blocks: { size: size ?? OF_THE_PLATFORM, ...blocks },
    };
    return `mount ${i}: ${place}\n${lines('  ', shown)}`;
  });
  return `${file}: ${mounts.length === 1 ? '1 mount' : `${mounts.length} mounts`}\n\n${common}\n${described.join('\n')}`;
}

/** Printed for values that the platform chooses when the gateway is deployed. */
const OF_THE_PLATFORM = 'of the platform';

/** Prints one line a value, after its dotted name, so that two configurations can be compared by diff. */
function lines(indent: string, table: object): string {
  return flatten(table)
    .map(
      ([name, value]) =>
        `${indent}${name} = ${typeof value === 'string' ? redact(value).replaceAll('\n', String.raw`\n`) : JSON.stringify(value)}\n`,
    )
    .join('');
}

function flatten(table: object, above = ''): readonly (readonly [string, unknown])[] {
  return Object.entries(table).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined) return [];
    const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isTable ? flatten(value, `${above}${name}.`) : [[`${above}${name}`, value] as const];
  });
}

/** Hides the query of an address, because it may hold a key. Addresses with a user name are refused earlier. */
function redact(text: string): string {
  return text.replace(/^(https?:\/\/[^?]*)\?.*$/s, '$1?…');
}

function printSecret(name: string, variables: ReadonlySet<string>): string {
  return `${name} (${variables.has(name) ? 'set' : 'not set here'})`;
}

function printAccess(access: AccessConfig, variables: ReadonlySet<string>): object | string {
  if (access === 'public') return access;
  const secret = (name: string) => printSecret(name, variables);
  switch (access.type) {
    case 'signed':
      return { ...access, keys: secret(access.keys) };
    case 'basic':
      return { ...access, users: secret(access.users) };
    case 'jwt': {
      const { key } = access;
      if (key.type === 'secret') return { ...access, key: { ...key, secret: secret(key.secret) } };
      return { ...access, key: key.type === 'public' ? { ...key, pem: secret(key.pem) } : key };
    }
    case 'anyOf':
    case 'allOf': {
      const rules = access.rules.map((rule, i) => [String(i), printAccess(rule, variables)] as const);
      return { type: access.type, rules: Object.fromEntries(rules) };
    }
    case 'ip':
    case 'referer':
      return access;
  }
}
