import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl, S3RequestPresigner } from '@aws-sdk/s3-request-presigner';
import { steadyTime } from '../../../base/clock.ts';
import { lruMap } from '../../../base/lru-map.ts';
import { isStoreError, storeError } from '../../store-error.ts';
import { commandsNeededMessage } from './bucket-kinds.ts';
import type { S3Credentials } from './client.ts';
import { CHECKSUM_MODE, type S3Request } from './reads.ts';

/** Makes and caches the presigned URLs of one bucket's objects. */
export interface PresignedUrls {
  /**
   * Returns the cached URL for a request, or a new one.
   *
   * @param clockSkew is added to the gateway's clock for the time of the signature, in ms
   * @returns `wasCached` if the URL was cached
   * @throws StoreError `denied` if the URL needs more than a signature of SigV4 in its query
   */
  take(request: S3Request, clockSkew: number): Promise<{ readonly url: string; readonly wasCached: boolean }>;
  /** Makes a new URL that replaces the cached one. Otherwise the same as {@link PresignedUrls.take}. */
  renew(request: S3Request, clockSkew: number): Promise<string>;
  /** Removes the cached URL of a request. */
  drop(request: S3Request): void;
  /** Removes all cached URLs. */
  clear(): void;
}

/**
 * How long a URL is cached, in ms. The storage accepts it for 15 minutes; the difference leaves room for clock
 * skew.
 */
const LIFETIME = 60_000;

/** How long the storage accepts a URL, in seconds. */
const EXPIRES_IN = 900;

/** Cached URLs at most. */
const MAX_CACHED = 1_000;

interface CachedUrl {
  readonly url: string;
  /** When it was signed, in ms by {@link steadyTime}. */
  readonly madeAt: number;
  /**
   * When it was signed, in ms since the epoch by the gateway's clock. If the clock was set back since, the URL is not
   * used: its signature could be of the future.
   */
  readonly notBefore: number;
  /** When the credentials expire, in ms since the epoch. */
  readonly notAfter: number;
}

interface Signer {
  readonly credentials: S3Credentials;
  readonly presigner: S3RequestPresigner;
}

/**
 * Makes the presigned URLs of a bucket. Each key is signed by the documented `presign` of S3RequestPresigner, which
 * takes 36 to 53 µs of CPU, a fifth of `getSignedUrl`. Only Host is signed, and the field of
 * checksum mode if it is on, so one URL serves all ranges and conditions.
 *
 * The credentials are requested for each URL and compared by value: `client.config.credentials` is the provider that
 * the presigner itself uses, and a provider may return a new object each time.
 */
export function presignedUrls(client: S3Client, bucket: string): PresignedUrls {
  const getTemplate = memoized(() => readTemplate(client, bucket));
  const cache = lruMap<CachedUrl>(MAX_CACHED);
  let signer: Signer | undefined;

  /** Returns the signer for the credentials. If they are new, removes all cached URLs. */
  function signerOf(credentials: S3Credentials): Signer {
    if (signer !== undefined && isSame(signer.credentials, credentials)) return signer;
    cache.clear();
    signer = { credentials, presigner: new S3RequestPresigner({ ...client.config, credentials }) };
    return signer;
  }

  async function make(credentials: S3Credentials, request: S3Request, clockSkew: number): Promise<string> {
    const requestSigner = signerOf(credentials);
    const madeAt = steadyTime();
    const now = Date.now();
    const url = await presign(requestSigner.presigner, await getTemplate(), request, new Date(now + clockSkew));
    const notAfter = credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    // A concurrent request with other credentials may have replaced the signer and cleared the cache.
    if (signer === requestSigner) cache.set(cacheKeyOf(request), { url, madeAt, notBefore: now, notAfter });
    return url;
  }

  return {
    async take(request, clockSkew) {
      const credentials: S3Credentials = await client.config.credentials();
      signerOf(credentials);
      const cached = cache.get(cacheKeyOf(request));
      if (cached !== undefined && isUsable(cached, Date.now())) return { url: cached.url, wasCached: true };
      return { url: await make(credentials, request, clockSkew), wasCached: false };
    },
    renew: async (request, clockSkew) => make(await client.config.credentials(), request, clockSkew),
    drop: (request) => cache.delete(cacheKeyOf(request)),
    clear: () => cache.clear(),
  };
}

/** Requests with different signatures have different cache keys. No version contains NUL, and no readable key does. */
function cacheKeyOf({ method, key, version, query, hasChecksums = false }: S3Request): string {
  const start = `${method}${hasChecksums ? '+' : ''} ${key}`;
  const object = version === undefined ? start : `${start}\0${version}`;
  return query === undefined ? object : `${object}\0${JSON.stringify(query)}`;
}

function isUsable({ madeAt, notBefore, notAfter }: CachedUrl, now: number): boolean {
  return steadyTime() - madeAt < LIFETIME && notBefore <= now && now < notAfter;
}

function isSame(one: S3Credentials, other: S3Credentials): boolean {
  return (
    one.accessKeyId === other.accessKeyId &&
    one.secretAccessKey === other.secretAccessKey &&
    one.sessionToken === other.sessionToken
  );
}

/** The parts that all URLs of a bucket share. */
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
  { method, key, version, query: parameters, hasChecksums = false }: S3Request,
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
      query: { ...parameters, ...(version === undefined ? {} : { versionId: version }) },
      headers: hasChecksums ? { ...CHECKSUM_MODE } : {},
    },
    {
      signingDate,
      signingRegion: region,
      signingService: service,
      expiresIn: EXPIRES_IN,
      ...(hasChecksums ? { unhoistableHeaders: CHECKSUM_FIELDS } : {}),
    },
  );
  return `${origin}${path}?${Object.entries(query).map(printParameter).join('&')}`;
}

/** Sent as a field and not in the query, because storages other than AWS read it there alone. */
const CHECKSUM_FIELDS = new Set(Object.keys(CHECKSUM_MODE));

function printParameter([name, value]: [string, string | string[] | null]): string {
  return `${encodeParameter(name)}=${encodeParameter([value ?? ''].flat().join(','))}`;
}

/** A key of characters that need no encoding. */
const TEMPLATE_KEY = 'rangeway-template';

/** Reads the origin, path prefix, region and service of a bucket from one URL that the SDK makes. */
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
    throw commandsNeededError(bucket);
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

function commandsNeededError(bucket: string): Error {
  return Object.assign(storeError('denied', commandsNeededMessage(bucket)), { isCommandsNeeded: true });
}

/** Returns whether an error means that a bucket has no presigned URLs and must be read by the SDK's commands. */
export function isCommandsNeeded(error: unknown): boolean {
  return isStoreError(error) && 'isCommandsNeeded' in error;
}

/** Calls a function once and returns its result each time. After a failure it calls it again. */
function memoized<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let loaded: Promise<Value> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}

/**
 * Encodes a key as the path of a URL. The unreserved characters of RFC 3986 (§2.3) and `/` stay; all other bytes are
 * encoded.
 */
export function encodeKey(key: string): string {
  return encodeParameter(key).replaceAll('%2F', '/');
}

/** Encodes a name or value of a query in the form that AWS signs. */
function encodeParameter(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
