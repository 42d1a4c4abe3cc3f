import { errorCode } from '../../base/error-code.ts';
import { describeError } from '../../observe/log.ts';
import { type S3StoreOptions, s3Store } from '../../store/drivers/s3/s3-store.ts';
import type { Transport } from '../../store/drivers/s3/transport.ts';
import { withRetry } from '../../store/wrappers/with-retry.ts';
import { isStoreError } from '../../store/store-error.ts';
import { s3Client, s3Transport } from './s3-client.ts';
import type { S3Source } from './s3-source.ts';

/**
 * The result of one signed read of a bucket.
 * - `readable`: S3 has looked up the object; `note` is a warning
 * - `unsure`: S3 answered 403, which with `forbidden: "missing"` may only mean that the object is missing
 * - `refused`: no object of the bucket can be read
 * - `unreachable`: there was no usable response in time
 */
export type S3Check =
  | { readonly type: 'readable'; readonly note?: string }
  | { readonly type: 'unsure' | 'refused' | 'unreachable'; readonly says: string };

/** The default timeout of a check, in ms. */
const TIMEOUT = 10_000;

/** A clock that differs by more than this, in ms, is reported. */
const CLOCK_LIMIT = 300_000;

/**
 * Reads an object that does not exist, and explains the response in one sentence. It distinguishes wrong credentials
 * from a wrong clock and from a policy that refuses presigned reads, which a gateway's log hardly does.
 *
 * @param source the bucket, and how it is reached
 * @param timeout of each read, retries included, in ms
 *
 * @example
 * import { checkS3 } from 'rangeway/s3';
 *
 * const check = await checkS3({ bucket: 'releases', access: { region: 'eu-west-1' } });
 * if (check.type !== 'readable') throw new Error(check.says);
 */
export async function checkS3(source: S3Source, timeout = TIMEOUT): Promise<S3Check> {
  const { access, ...location } = source;
  const client = s3Client(access);
  const transport = s3Transport(access);
  let clockDifference = 0;
  const timed: Transport = async (request) => {
    const response = await transport(request);
    const date = Date.parse(response.fields['date'] ?? '');
    if (!Number.isNaN(date)) clockDifference = date - Date.now();
    return response;
  };
  const probe = (options: Partial<S3StoreOptions>) =>
    withDeadline(timeout, (signal) => {
      const store = s3Store(client, { ...location, ...options, forbidden: 'denied', transport: timed });
      return withRetry(store, { tries: access.attempts }).read(`rangeway-start-${Date.now()}`, { signal });
    });
  try {
    await probe({});
    return Math.abs(clockDifference) > CLOCK_LIMIT
      ? { type: 'readable', note: printClock(clockDifference) }
      : { type: 'readable' };
  } catch (error) {
    return await explain(error, source, () => probe({ reads: 'commands' }));
  } finally {
    client.destroy();
    transport.destroy();
  }
}

async function explain(
  error: unknown,
  { forbidden, reads }: S3Source,
  byCommands: () => Promise<unknown>,
): Promise<S3Check> {
  const known = explainCause(error);
  const message = describeError(error);
  if (!isStoreError(error) || error.code !== 'denied')
    return { type: 'unreachable', says: known ?? `${message}: ${UNREACHABLE}` };
  if (known !== undefined) return { type: 'refused', says: known };
  const code = error.cause instanceof Error ? error.cause.name : '';
  const meaning = MEANINGS[code];
  if (meaning !== undefined) return { type: 'refused', says: `${message}: ${meaning}` };
  if (code !== 'AccessDenied') return { type: 'refused', says: message };
  if (reads !== 'commands' && (await succeeds(byCommands)))
    return { type: 'refused', says: `${message}: ${REFUSES_PRESIGNED}` };
  return forbidden === 'missing'
    ? { type: 'unsure', says: `${message}: ${IS_AMBIGUOUS}` }
    : { type: 'refused', says: `${message}: ${MAY_NOT_LIST}` };
}

/** Explanations by the name or the code of an error, or by the start of its message. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  CredentialsProviderError:
    'there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role has them',
  ECONNREFUSED: 'nothing listens at the endpoint; check its host and port',
  ENOTFOUND: 'the host of the endpoint is not known; check its name, and for AWS the region',
  EAI_AGAIN: 'the host of the endpoint could not be looked up; check the network',
  ETIMEDOUT: 'the endpoint does not respond; check its host, and the network',
  EHOSTUNREACH: 'the endpoint is out of reach; check its host, and the network',
  ECONNRESET: 'the endpoint closes the connection; check whether it takes http or https',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the endpoint is signed by itself; name it in NODE_EXTRA_CA_CERTS',
  SELF_SIGNED_CERT_IN_CHAIN:
    'the certificate of the endpoint is of an unknown authority; name it in NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the certificate of the endpoint is of an unknown authority; name it in NODE_EXTRA_CA_CERTS',
  CERT_HAS_EXPIRED: 'the certificate of the endpoint has expired',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate of the endpoint is for another host; check the endpoint, and path style',
};

/** Finds an explanation for an error or for one of its causes. */
function explainCause(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.message.startsWith('Region is missing'))
      return 'no region is set; --region, AWS_REGION or the field region names it';
    const known = EXPLANATIONS[errorCode(cause) ?? ''] ?? EXPLANATIONS[cause.name];
    if (known !== undefined) return known;
  }
  return undefined;
}

const UNREACHABLE = 'the storage gives no answer that can be used; check the endpoint, the region and the network';

const REFUSES_PRESIGNED =
  'a policy of the bucket refuses presigned reads and takes signed header fields; set reads to "commands" in the store of a mount';

const IS_AMBIGUOUS =
  'it refuses a key that is not there, which forbidden = "missing" reads as missing; whether an object can be read is not known, since a policy that refuses all reads looks the same';

const MAY_NOT_LIST =
  'the credentials may not read the bucket, or may not list it: then S3 refuses a missing object too; allow s3:GetObject and s3:ListBucket, or set forbidden to "missing" in the store of a mount';

const OTHER_REGION = 'the bucket is in another region; set the region, or the endpoint, to it';
const OLD_TOKEN = 'the session token is not valid, or no longer; get new credentials';
const NO_BUCKET = 'there is no such bucket at this endpoint';

/** Explanations by S3's error codes. */
const MEANINGS: Readonly<Record<string, string | undefined>> = {
  InvalidAccessKeyId: 'the storage knows no such access key; check AWS_ACCESS_KEY_ID',
  SignatureDoesNotMatch: 'the secret is not that of the access key; check AWS_SECRET_ACCESS_KEY',
  ExpiredToken: OLD_TOKEN,
  InvalidToken: OLD_TOKEN,
  RequestTimeTooSkewed: "this machine's clock is off by more than 15 minutes; set it",
  NoSuchBucket: NO_BUCKET,
  InvalidBucketName: NO_BUCKET,
  AuthorizationHeaderMalformed: OTHER_REGION,
  AuthorizationQueryParametersError: OTHER_REGION,
  IllegalLocationConstraintException: OTHER_REGION,
};

function printClock(difference: number): string {
  const minutes = Math.round(Math.abs(difference) / 60_000);
  const direction = difference > 0 ? 'behind' : 'ahead of';
  return `this machine's clock is ${minutes} minutes ${direction} the storage's; reads are signed for the storage's time, but links expire by this clock: set it`;
}

async function succeeds(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    return false;
  }
}

/** Rejects after the timeout even if the work ignores the signal, as providers of credentials do. */
async function withDeadline<Value>(timeout: number, work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new Error(`there was no answer within ${timeout / 1000} seconds`)),
    timeout,
  );
  const deadline = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason));
  });
  try {
    return await Promise.race([work(controller.signal), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
