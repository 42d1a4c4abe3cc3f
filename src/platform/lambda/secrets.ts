import { setTimeout as pause } from 'node:timers/promises';
import { settingsError } from '../../base/settings-error.ts';
import { printPlace, type SecretSource, type SecretSources } from './secret-sources.ts';
import { signRequest, type Credentials } from './signature.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** How one service is asked for one value. */
interface SecretService {
  /** Of X-Amz-Target. */
  readonly target: string;
  /** The variable that every SDK of AWS takes for an endpoint of another address. */
  readonly endpointVariable: string;
  readonly toBody: (id: string) => object;
  /** The value in the answer, or `undefined`. */
  readonly read: (answer: unknown) => unknown;
}

const SERVICES: Readonly<Record<SecretSource['service'], SecretService>> = {
  secretsmanager: {
    target: 'secretsmanager.GetSecretValue',
    endpointVariable: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
    toBody: (id) => ({ SecretId: id }),
    read: (answer) => member(answer, 'SecretString'),
  },
  ssm: {
    target: 'AmazonSSM.GetParameter',
    endpointVariable: 'AWS_ENDPOINT_URL_SSM',
    toBody: (id) => ({ Name: id, WithDecryption: true }),
    read: (answer) => member(member(answer, 'Parameter'), 'Value'),
  },
};

/** Tries of a request. Three of them end before the 10 s that Lambda gives a start. */
const TRIES = 3;

/** Until the answer to one try is there, in ms. */
const TIMEOUT = 2_500;

/** Before the second try, in ms; twice as long before the third. Many instances may start at once, so it is drawn. */
const PAUSE = 200;

/** Errors of a service that asks for patience. Of other errors with a status below 500, a second try has the same. */
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded/;

/**
 * Reads secrets from AWS Secrets Manager and SSM Parameter Store, all at once, with the credentials in the environment.
 *
 * @returns the values by their names
 * @throws SettingsError that names the secret and its place, and never has any part of a value
 */
export async function readSecrets(sources: SecretSources, env: Environment): Promise<ReadonlyMap<string, string>> {
  const reads = [...sources].map(async ([name, source]) => {
    const value = await readSecret(source, env).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : 'unknown';
      throw settingsError(`${name} can't be read from ${printPlace(source)}: ${why}`);
    });
    return [name, value] as const;
  });
  return new Map(await Promise.all(reads));
}

async function readSecret(source: SecretSource, env: Environment): Promise<string> {
  const { read, toBody } = SERVICES[source.service];
  const body = JSON.stringify(toBody(source.id));
  const value = read(await ask(source.service, body, env));
  if (typeof value === 'string' && value !== '') return value;
  throw new Error('it holds no text');
}

async function ask(service: SecretSource['service'], body: string, env: Environment): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await askOnce(service, body, env);
    if (outcome.type === 'answer') return outcome.answer;
    if (!outcome.isTransient || attempt === TRIES) throw new Error(outcome.why);
    await pause(PAUSE * attempt * (0.5 + Math.random()));
  }
}

type Outcome =
  | { readonly type: 'answer'; readonly answer: unknown }
  | { readonly type: 'failed'; readonly isTransient: boolean; readonly why: string };

async function askOnce(service: SecretSource['service'], body: string, env: Environment): Promise<Outcome> {
  const { target, endpointVariable } = SERVICES[service];
  const region = required(env, 'AWS_REGION');
  const other = [env[endpointVariable], env['AWS_ENDPOINT_URL']].find((url) => url !== undefined && url !== '');
  const endpoint = toEndpoint(service, region, other);
  const fields = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
  const headers = signRequest({ host: endpoint.host, region, service, fields, body }, toCredentials(env), new Date());
  let response: Response;
  let text: string;
  try {
    // Followed, a redirect would take the session's token along.
    const redirect = 'error';
    response = await fetch(endpoint, { method: 'POST', headers, body, redirect, signal: AbortSignal.timeout(TIMEOUT) });
    text = await response.text();
  } catch {
    return { type: 'failed', isTransient: true, why: `${endpoint.host} can't be reached` };
  }
  const answer = parseJson(text);
  if (response.ok) return { type: 'answer', answer };
  const error = errorName(answer);
  const isTransient = response.status >= 500 || response.status === 429 || THROTTLED.test(error);
  return { type: 'failed', isTransient, why: `${endpoint.host} answers ${response.status} ${error}`.trimEnd() };
}

/** Regions in China have a domain of their own. For other partitions than these two, the variable has to be set. */
function toEndpoint(service: string, region: string, other: string | undefined): URL {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const url = URL.parse(other ?? `https://${service}.${region}.${domain}`);
  if (url === null) throw new Error('the endpoint in the environment is no address');
  return new URL('/', url);
}

function toCredentials(env: Environment): Credentials {
  return {
    accessKeyId: required(env, 'AWS_ACCESS_KEY_ID'),
    secretAccessKey: required(env, 'AWS_SECRET_ACCESS_KEY'),
    sessionToken: env['AWS_SESSION_TOKEN'],
  };
}

function required(env: Environment, name: string): string {
  const value = env[name] ?? '';
  if (value === '') throw new Error(`${name} is not set`);
  return value;
}

/** `AccessDeniedException`, of `com.amazonaws.ssm#AccessDeniedException` too. Its message may name roles and keys. */
function errorName(answer: unknown): string {
  const type = member(answer, '__type');
  return typeof type === 'string' ? (/\w+$/.exec(type)?.[0] ?? '') : '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
