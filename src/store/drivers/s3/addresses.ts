import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl, S3RequestPresigner } from '@aws-sdk/s3-request-presigner';
import { steadyTime } from '../../../base/clock.ts';
import { lruMap } from '../../../base/lru-map.ts';
import { isStoreError, storeError } from '../../store-error.ts';
import { takesCommands } from './bucket-kinds.ts';
import type { S3Credentials } from './client.ts';
import { encodeKey, encodeParameter } from './keys.ts';
import type { S3Request } from './reads.ts';

/** Makes presigned addresses of one bucket's objects, and keeps them for a while. */
export interface PresignedAddresses {
  /**
   * The address that is kept for a request, else a new one.
   *
   * @param difference is added to our clock for the time of the signature, in ms
   * @returns `isKept` where it was made for an earlier request
   * @throws StoreError 'denied' where the address needs more than a signature of SigV4 in its query
   */
  take(request: S3Request, difference: number): Promise<{ readonly url: string; readonly isKept: boolean }>;
  /** A new one, which is kept in place of the one before. Otherwise as {@link PresignedAddresses.take}. */
  renew(request: S3Request, difference: number): Promise<string>;
  /** Forgets the address of a request. */
  drop(request: S3Request): void;
  clear(): void;
}

/** How long an address is used again, in ms. The storage takes it for 15 minutes, which are also there for clocks that differ. */
const LIFETIME = 60_000;

/** In seconds. */
const EXPIRES_IN = 900;

/** Addresses kept at once. */
const MAX_KEPT = 1_000;

interface Kept {
  readonly url: string;
  /** By {@link steadyTime}. */
  readonly madeAt: number;
  /** In ms since the epoch, by our own clock: a clock that was set back makes no address of the future. */
  readonly since: number;
  readonly until: number;
}

interface Signer {
  readonly credentials: S3Credentials;
  readonly presigner: S3RequestPresigner;
}

/**
 * Signs each key by the presigner's documented use on a request of one's own, which takes a fifth of what
 * `getSignedUrl` does: 36 to 53 µs of CPU. Only the host is signed, so an address serves all ranges and conditions.
 *
 * The credentials are asked for with each request, and compared by their values: `client.config.credentials` is the
 * provider that the presigner itself would ask, and a provider may make a new object each time.
 */
export function presignedAddresses(client: S3Client, bucket: string): PresignedAddresses {
  const template = once(() => readTemplate(client, bucket));
  const kept = lruMap<Kept>(MAX_KEPT);
  let signer: Signer | undefined;

  function signerOf(credentials: S3Credentials): Signer {
    if (signer !== undefined && isSame(signer.credentials, credentials)) return signer;
    kept.clear();
    signer = { credentials, presigner: new S3RequestPresigner({ ...client.config, credentials }) };
    return signer;
  }

  async function make(credentials: S3Credentials, request: S3Request, difference: number): Promise<string> {
    const mine = signerOf(credentials);
    const madeAt = steadyTime();
    const now = Date.now();
    const url = await presign(mine.presigner, await template(), request, new Date(now + difference));
    const until = credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    // Other credentials may have emptied the map meanwhile.
    if (signer === mine) kept.set(nameOf(request), { url, madeAt, since: now, until });
    return url;
  }

  return {
    async take(request, difference) {
      const credentials: S3Credentials = await client.config.credentials();
      signerOf(credentials);
      const known = kept.get(nameOf(request));
      if (known !== undefined && isUsable(known, Date.now())) return { url: known.url, isKept: true };
      return { url: await make(credentials, request, difference), isKept: false };
    },
    renew: async (request, difference) => make(await client.config.credentials(), request, difference),
    drop: (request) => kept.delete(nameOf(request)),
    clear: () => kept.clear(),
  };
}

/** Tells apart what is signed differently. No version has NUL, and no key that can be read. */
function nameOf({ method, key, version }: S3Request): string {
  return version === undefined ? `${method} ${key}` : `${method} ${key}\0${version}`;
}

function isUsable({ madeAt, since, until }: Kept, now: number): boolean {
  return steadyTime() - madeAt < LIFETIME && since <= now && now < until;
}

function isSame(one: S3Credentials, other: S3Credentials): boolean {
  return (
    one.accessKeyId === other.accessKeyId &&
    one.secretAccessKey === other.secretAccessKey &&
    one.sessionToken === other.sessionToken
  );
}

/** The parts that all addresses of a bucket share. */
interface Template {
  readonly origin: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
  /** Ends with a slash. */
  readonly path: string;
  readonly region: string;
  readonly service: string;
}

async function presign(
  presigner: S3RequestPresigner,
  { origin, protocol, hostname, port, path: base, region, service }: Template,
  { method, key, version }: S3Request,
  signingDate: Date,
): Promise<string> {
  const path = `${base}${encodeKey(key)}`;
  const { query = {} } = await presigner.presign(
    {
      method,
      protocol,
      hostname,
      ...(port === undefined ? {} : { port }),
      path,
      query: version === undefined ? {} : { versionId: version },
      headers: {},
    },
    { signingDate, signingRegion: region, signingService: service, expiresIn: EXPIRES_IN },
  );
  return `${origin}${path}?${Object.entries(query).map(printParameter).join('&')}`;
}

function printParameter([name, value]: [string, string | string[] | null]): string {
  return `${encodeParameter(name)}=${encodeParameter([value ?? ''].flat().join(','))}`;
}

/** A key without a character that has to be encoded. */
const TEMPLATE_KEY = 'rangeway-template';

/** Finds out where a bucket's objects are, for which region and service, by one address that the SDK itself makes. */
async function readTemplate(client: S3Client, bucket: string): Promise<Template> {
  const { origin, protocol, hostname, port, pathname, searchParams } = new URL(
    await getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: TEMPLATE_KEY }), { expiresIn: EXPIRES_IN }),
  );
  const [, , region, service] =
    /^(.*)\/(?:\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/.exec(searchParams.get('X-Amz-Credential') ?? '') ?? [];
  const isPlain =
    searchParams.get('X-Amz-Algorithm') === 'AWS4-HMAC-SHA256' &&
    searchParams.get('X-Amz-SignedHeaders') === 'host' &&
    !searchParams.has('X-Amz-S3session-Token');
  if (!isPlain || region === undefined || service === undefined || !pathname.endsWith(`/${TEMPLATE_KEY}`)) {
    throw commandsNeeded(bucket);
  }
  return {
    origin,
    protocol,
    hostname,
    port: port === '' ? undefined : Number(port),
    path: pathname.slice(0, -TEMPLATE_KEY.length),
    region,
    service,
  };
}

function commandsNeeded(bucket: string): Error {
  return Object.assign(storeError('denied', takesCommands(bucket)), { isCommandsNeeded: true });
}

/** Whether a bucket can't be read because it has no presigned addresses. */
export function isCommandsNeeded(error: unknown): boolean {
  return isStoreError(error) && 'isCommandsNeeded' in error;
}

/** Calls once, and again after a failure. */
function once<Value>(find: () => Promise<Value>): () => Promise<Value> {
  let found: Promise<Value> | undefined;
  return () => {
    found ??= find().catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
}
