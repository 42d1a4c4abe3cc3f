import { randomUUID } from 'node:crypto';
import { signRequest, type Credentials } from '../../platform/lambda/signature.ts';
import { usageError } from '../usage.ts';
import { realPause, requestApi, type ApiResponse, type CdnPurge, type Environment, type Pause } from './request.ts';

const DISTRIBUTION = 'CLOUDFRONT_DISTRIBUTION_ID';

/** The most paths that may be invalidated at once in a distribution. */
const BATCH = 3_000;

/** The pause between two questions whether an invalidation is completed, in ms. */
const POLL = 5_000;

/** How long an invalidation is waited for, in ms. Most take a minute or two. */
const WAIT_LIMIT = 15 * 60_000;

const API = '/2020-05-31/distribution';

/**
 * Invalidates paths in a distribution of CloudFront, and waits until that is completed.
 *
 * @param distribution id of the distribution; by default from the environment
 * @param report called with sentences for the user while the invalidation is in progress
 * @throws UsageError if there is no distribution or no credentials
 * @see https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
 */
export function cloudfrontPurge(
  distribution: string | undefined,
  env: Environment,
  report: (sentence: string) => void,
  wait: Pause = realPause,
): CdnPurge {
  const id = distribution ?? env[DISTRIBUTION] ?? '';
  if (!/^[A-Z\d]{1,32}$/.test(id)) {
    throw usageError(`--cdn cloudfront needs the distribution: --distribution ID, or the variable ${DISTRIBUTION}`);
  }
  const credentials = readCredentials(env);
  const { endpoint, region } = readEndpoint(env);
  const ask = (method: 'GET' | 'POST', path: string, body = '') => {
    const fields: Record<string, string> = method === 'POST' ? { 'content-type': 'text/xml' } : {};
    const request = { method, path, host: endpoint.host, region, service: 'cloudfront', fields, body };
    const headers = () => signRequest(request, credentials, new Date());
    const url = new URL(path, endpoint);
    return requestApi({ url, method, headers, ...(method === 'POST' ? { body } : {}) }, report, wait);
  };

  async function invalidate(paths: readonly string[]): Promise<string | undefined> {
    const created = await ask('POST', `${API}/${id}/invalidation`, printBatch(paths));
    if (created.type === 'unreachable' || created.status !== 201) return refusalOf(created, id);
    const invalidation = elementOf(created.body, 'Id');
    if (!/^[A-Z\d]{1,64}$/.test(invalidation)) return 'CloudFront answers 201 without the id of the invalidation';
    let status = elementOf(created.body, 'Status');
    report(`CloudFront invalidates ${paths.length} paths (${invalidation})`);
    for (let waited = 0; status !== 'Completed'; waited += POLL) {
      if (waited >= WAIT_LIMIT)
        return `CloudFront has not completed ${invalidation} after ${waited / 60_000} minutes; it goes on by itself`;
      await wait(POLL);
      const seen = await ask('GET', `${API}/${id}/invalidation/${invalidation}`);
      if (seen.type === 'unreachable' || seen.status !== 200) return refusalOf(seen, id);
      status = elementOf(seen.body, 'Status');
      if (status !== 'Completed' && (waited + POLL) % 15_000 === 0) {
        report(`${invalidation}: ${status}, for ${(waited + POLL) / 1000} s`);
      }
    }
    return undefined;
  }

  return {
    async addresses(addresses) {
      const paths = addresses.map(({ pathname, search }) => pathname + search);
      for (let start = 0; start < paths.length; start += BATCH) {
        const refusal = await invalidate(paths.slice(start, start + BATCH));
        if (refusal !== undefined) return refusal;
      }
      return { done: `CloudFront has invalidated ${paths.length} paths` };
    },
    tags: undefined,
  };
}

function readCredentials(env: Environment): Credentials {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = env;
  if (accessKeyId !== '' && secretAccessKey !== '') {
    return { accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] };
  }
  throw usageError(
    '--cdn cloudfront needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for a profile: eval "$(aws configure export-credentials --format env)"',
  );
}

/** CloudFront is one service for all regions, and another one in China. */
function readEndpoint(env: Environment): { readonly endpoint: URL; readonly region: string } {
  const isChina = (env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? '').startsWith('cn-');
  const region = isChina ? 'cn-northwest-1' : 'us-east-1';
  const host = isChina ? 'cloudfront.cn-northwest-1.amazonaws.com.cn' : 'cloudfront.amazonaws.com';
  const written = [env['AWS_ENDPOINT_URL_CLOUDFRONT'], env['AWS_ENDPOINT_URL']].find(
    (url) => url !== undefined && url !== '',
  );
  const endpoint = URL.parse(written ?? `https://${host}`);
  if (endpoint === null)
    throw usageError('AWS_ENDPOINT_URL_CLOUDFRONT takes an address, such as https://cloudfront.amazonaws.com');
  return { endpoint, region };
}

/** Prints the body of CreateInvalidation. The reference makes a repeated attempt the same invalidation. */
function printBatch(paths: readonly string[]): string {
  const items = paths.map((path) => `<Path>${escapeXml(path)}</Path>`).join('');
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">' +
    `<Paths><Quantity>${paths.length}</Quantity><Items>${items}</Items></Paths>` +
    `<CallerReference>rangeway-${randomUUID()}</CallerReference></InvalidationBatch>`
  );
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Returns the text of the first element of a name; empty if there is none. */
function elementOf(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';
}

function refusalOf(response: ApiResponse, id: string): string {
  if (response.type === 'unreachable') return `CloudFront ${response.reason}`;
  const { status, body } = response;
  const code = elementOf(body, 'Code')
    .replaceAll(/[^\w.]/g, '')
    .slice(0, 80);
  switch (code) {
    case 'NoSuchDistribution':
      return `CloudFront knows no distribution ${id} in the account of these credentials`;
    case 'AccessDenied':
      return 'CloudFront refuses: the credentials need cloudfront:CreateInvalidation and cloudfront:GetInvalidation';
    case 'TooManyInvalidationsInProgress':
      return 'CloudFront has too many invalidations in progress; wait until they are completed';
    case 'InvalidClientTokenId':
    case 'SignatureDoesNotMatch':
    case 'ExpiredToken':
    case 'UnrecognizedClientException':
      return `CloudFront refuses the credentials in the environment (${code})`;
    default:
      return `CloudFront answers ${status} ${code}`.trimEnd();
  }
}
