import { describeError } from '../../observe/log.ts';
import { type S3StoreOptions, s3Store } from '../../store/drivers/s3/s3-store.ts';
import type { Transport } from '../../store/drivers/s3/transport.ts';
import { withRetry } from '../../store/wrappers/with-retry.ts';
import { isStoreError } from '../../store/store-error.ts';
import { s3Client, s3Transport } from './s3-client.ts';
import type { S3Source } from './s3-source.ts';

/**
 * The result of one signed read of a bucket.
 * - `readable`: S3 has looked for the object; `note` says what is odd all the same
 * - `unsure`: S3 has refused, which with `forbidden: "missing"` may mean a missing object alone
 * - `refused`: nothing of the bucket can be read
 * - `unreachable`: there was no answer in time
 */
export type S3Check =
  | { readonly type: 'readable'; readonly note?: string }
  | { readonly type: 'unsure' | 'refused' | 'unreachable'; readonly says: string };

/** Until there is an answer, in ms. */
const LIMIT = 10_000;

/** A clock that is this much off, in ms, is worth a note. */
const CLOCK_LIMIT = 300_000;

/**
 * Reads an object that is not there, and says in a sentence what the answer means. The clock and refusals of presigned
 * reads by a policy can be told apart from wrong credentials here, and hardly from the log of a gateway.
 *
 * @param limit in ms
 */
export async function checkS3(source: S3Source, limit = LIMIT): Promise<S3Check> {
  const { access, ...location } = source;
  const client = s3Client(access);
  const transport = s3Transport(access);
  let clockDifference = 0;
  const timed: Transport = async (request) => {
    const answer = await transport(request);
    const theirs = Date.parse(answer.fields['date'] ?? '');
    if (!Number.isNaN(theirs)) clockDifference = theirs - Date.now();
    return answer;
  };
  const probe = (options: Partial<S3StoreOptions>) =>
    within(limit, (signal) => {
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
  const told = describeError(error);
  if (!isStoreError(error) || error.code !== 'denied') return { type: 'unreachable', says: `${told}: ${UNREACHABLE}` };
  const code = error.cause instanceof Error ? error.cause.name : '';
  const meaning = MEANINGS[code];
  if (meaning !== undefined) return { type: 'refused', says: `${told}: ${meaning}` };
  if (code !== 'AccessDenied') return { type: 'refused', says: told };
  if (reads !== 'commands' && (await succeeds(byCommands)))
    return { type: 'refused', says: `${told}: ${REFUSES_PRESIGNED}` };
  return forbidden === 'missing'
    ? { type: 'unsure', says: `${told}: ${IS_AMBIGUOUS}` }
    : { type: 'refused', says: `${told}: ${MAY_NOT_LIST}` };
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

/** By S3's own codes. */
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

/** A provider of credentials does not listen to the signal. */
async function within<Value>(limit: number, work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`there was no answer within ${limit / 1000} seconds`)), limit);
  const lateness = new Promise<never>((_, reject) => {
    late.signal.addEventListener('abort', () => reject(late.signal.reason));
  });
  try {
    return await Promise.race([work(late.signal), lateness]);
  } finally {
    clearTimeout(timer);
  }
}
