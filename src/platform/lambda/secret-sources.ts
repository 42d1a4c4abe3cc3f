/** The place of a secret in AWS. */
export interface SecretSource {
  readonly service: 'secretsmanager' | 'ssm';
  /** The name of the secret or parameter, which is not secret itself. */
  readonly id: string;
}

/** Sources by the names that the settings use for the secrets. */
export type SecretSources = ReadonlyMap<string, SecretSource>;

/**
 * Describes the input of {@link parseSecretSources} in error messages. They never contain the input: it may be the
 * secret itself.
 */
export const SECRET_SOURCES_FORMAT =
  'takes names in capital letters with their places, such as RANGEWAY_KEYS=secretsmanager:my/secret or RANGEWAY_KEYS=ssm:/my/parameter, and never the secrets themselves';

/** Matches the name of a secret in the settings. */
export const SECRET_NAME = /^[A-Z][A-Z0-9_]*$/;

/** The names that each service allows. None of their characters is a wildcard or a variable in an IAM policy. */
const IDS: Readonly<Record<SecretSource['service'], RegExp>> = {
  secretsmanager: /^[\w/+=.@-]{1,512}$/,
  ssm: /^(?:\/?[\w.-]+|(?:\/[\w.-]+){2,15})$/,
};

/**
 * Parses a table of names and places (`secretsmanager:NAME`, `ssm:NAME`).
 *
 * @param table an object; its type and values are checked
 * @returns `undefined` if a name or a place is malformed
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

/** Prints the place of a secret in the form that {@link parseSecretSources} parses. */
export function printSecretSource({ service, id }: SecretSource): string {
  return `${service}:${id}`;
}

function parsePlace(text: string): SecretSource | undefined {
  const colon = text.indexOf(':');
  const service = (['secretsmanager', 'ssm'] as const).find((name) => name === text.slice(0, colon));
  const id = text.slice(colon + 1);
  return service !== undefined && IDS[service].test(id) ? { service, id } : undefined;
}
