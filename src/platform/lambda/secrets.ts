import { setTimeout as pause } from 'node:timers/promises';
import { settingsError } from '../../base/settings-error.ts';
import { printSecretSource, type SecretSource, type SecretSources } from './secret-sources.ts';
import { signRequest, type Credentials } from './signature.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The request to a service for one value. */
interface SecretService {
  /** The value of X-Amz-Target. */
  readonly target: string;
  /** The variable with another endpoint, as all AWS SDKs read it. */
  readonly endpointVariable: string;
  readonly toBody: (id: string) => object;
  /** Returns the value in the response, or `undefined`. */
  readonly read: (response: unknown) => unknown;
}

const SERVICES: Readonly<Record<SecretSource['service'], SecretService>> = {
  secretsmanager: {
    target: 'secretsmanager.GetSecretValue',
    endpointVariable: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
    toBody: (id) => ({ SecretId: id }),
    read: (response) => member(response, 'SecretString'),
  },
  ssm: {
    target: 'AmazonSSM.GetParameter',
    endpointVariable: 'AWS_ENDPOINT_URL_SSM',
    toBody: (id) => ({ Name: id, WithDecryption: true }),
    read: (response) => member(member(response, 'Parameter'), 'Value'),
  },
};

/** The attempts of a request. Three fit into the 10 seconds that Lambda gives the init phase. */
const MAX_ATTEMPTS = 3;

/** The timeout of one attempt, in ms. */
const TIMEOUT = 2_500;

/**
 * The pause before the second attempt, in ms; before the third it is twice as long. It is jittered, because many
 * instances may start at once.
 */
const BASE_PAUSE = 200;

/** Matches the errors of a throttled request. Other errors with a status below 500 are permanent. */
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded/;

/**
 * Reads secrets from AWS Secrets Manager and SSM Parameter Store, concurrently, with the credentials in the
 * environment.
 *
 * @param sources places by name
 * @param env region, credentials and endpoints
 * @returns values by name
 * @throws SettingsError that names the secret and its place, and never contains a part of a value
 */
export async function readSecrets(sources: SecretSources, env: Environment): Promise<ReadonlyMap<string, string>> {
  const reads = [...sources].map(async ([name, source]) => {
    const value = await readSecret(source, env).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : 'unknown';
      throw settingsError(`${name} can't be read from ${printSecretSource(source)}: ${reason}`);
    });
    return [name, value] as const;
  });
  return new Map(await Promise.all(reads));
}

async function readSecret(source: SecretSource, env: Environment): Promise<string> {
  const { read, toBody } = SERVICES[source.service];
  const body = JSON.stringify(toBody(source.id));
  const value = read(await requestWithRetry(source.service, body, env));
  if (typeof value === 'string' && value !== '') return value;
  throw new Error('it holds no text');
}

async function requestWithRetry(service: SecretSource['service'], body: string, env: Environment): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await requestOnce(service, body, env);
    if (result.type === 'success') return result.response;
    if (!result.isTransient || attempt === MAX_ATTEMPTS) throw new Error(result.reason);
    await pause(BASE_PAUSE * attempt * (0.5 + Math.random()));
  }
}

type RequestResult =
  | { readonly type: 'success'; readonly response: unknown }
  | { readonly type: 'failure'; readonly isTransient: boolean; readonly reason: string };

async function requestOnce(service: SecretSource['service'], body: string, env: Environment): Promise<RequestResult> {
  const { target, endpointVariable } = SERVICES[service];
  const region = required(env, 'AWS_REGION');
  const override = [env[endpointVariable], env['AWS_ENDPOINT_URL']].find((url) => url !== undefined && url !== '');
  const endpoint = toEndpoint(service, region, override);
  const fields = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
  const headers = signRequest({ host: endpoint.host, region, service, fields, body }, toCredentials(env), new Date());
  let response: Response;
  let text: string;
  try {
    // Following a redirect would send the session token to another server.
    const redirect = 'error';
    response = await fetch(endpoint, { method: 'POST', headers, body, redirect, signal: AbortSignal.timeout(TIMEOUT) });
    text = await response.text();
  } catch {
    return { type: 'failure', isTransient: true, reason: `${endpoint.host} can't be reached` };
  }
  const json = parseJson(text);
  if (response.ok) return { type: 'success', response: json };
  const error = errorName(json);
  const isTransient = response.status >= 500 || response.status === 429 || THROTTLED.test(error);
  return { type: 'failure', isTransient, reason: `${endpoint.host} answers ${response.status} ${error}`.trimEnd() };
}

/** Regions in China have another domain. In a partition other than these two, the endpoint variable must be set. */
function toEndpoint(service: string, region: string, override: string | undefined): URL {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const url = URL.parse(override ?? `https://${service}.${region}.${domain}`);
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

/**
 * Returns the name of an error, without its namespace. Its message is not used, because it may contain roles and keys.
 */
function errorName(json: unknown): string {
  const type = member(json, '__type');
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
