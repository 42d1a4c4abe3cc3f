/** Where AWS keeps a secret. */
export interface SecretSource {
  readonly service: 'secretsmanager' | 'ssm';
  /** The secret's or parameter's name, which is no secret itself. */
  readonly id: string;
}

/** Sources by the name under which the settings know the secret. */
export type SecretSources = ReadonlyMap<string, SecretSource>;

/** The form of {@link parseSecretSources}' input, for messages. They never show the input: it may be the secret itself. */
export const TAKES_SOURCES =
  'takes names in capital letters with their places, such as RANGEWAY_KEYS=secretsmanager:my/secret or RANGEWAY_KEYS=ssm:/my/parameter, and never the secrets themselves';

/** The name of a secret, as settings may use it. */
export const SECRET_NAME = /^[A-Z][A-Z0-9_]*$/;

/** The characters that each service allows in names. None of them is a wildcard or a variable in an IAM policy. */
const IDS: Readonly<Record<SecretSource['service'], RegExp>> = {
  secretsmanager: /^[\w/+=.@-]{1,512}$/,
  ssm: /^(?:\/?[\w.-]+|(?:\/[\w.-]+){2,15})$/,
};

/**
 * Reads a table of names and places (`secretsmanager:NAME`, `ssm:NAME`).
 *
 * @returns `undefined` where any name or place has another form
 */
export function parseSecretSources(table: unknown): SecretSources | undefined {
  if (typeof table !== 'object' || table === null || Array.isArray(table)) return undefined;
  const sources = new Map<string, SecretSource>();
  for (const [name, place] of Object.entries(table)) {
    const source = typeof place === 'string' ? parsePlace(place) : undefined;
    if (source === undefined || !SECRET_NAME.test(name)) return undefined;
    sources.set(name, source);
  }
  return sources;
}

/** Prints a source as {@link parseSecretSources} reads it. */
export function printPlace({ service, id }: SecretSource): string {
  return `${service}:${id}`;
}

function parsePlace(text: string): SecretSource | undefined {
  const colon = text.indexOf(':');
  const service = (['secretsmanager', 'ssm'] as const).find((one) => one === text.slice(0, colon));
  const id = text.slice(colon + 1);
  return service !== undefined && IDS[service].test(id) ? { service, id } : undefined;
}
