import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { serveFunction } from '../../src/cli/dev/function-url.ts';
import { BUFFERED_LIMIT, lambdaHandler } from '../../src/platform/lambda/buffered.ts';
import { parseCdnKey } from '../../src/platform/lambda/cdn-links.ts';
import { CDN_KEY } from '../../src/platform/lambda/environment.ts';
import { lambdaGateway } from '../../src/platform/lambda/gateway.ts';
import { s3Client } from '../../src/platform/s3/s3-client.ts';
import { serveDistribution, type OriginRequest } from '../infra/cloudfront.ts';
import { synthesise } from '../infra/synthesise.ts';
import { access, newBucket } from './server.ts';

/** The choices of a deployment under test. */
export interface DeploymentOptions {
  readonly isVersioned: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The places of secrets in the settings, as the CDK app takes them. */
  readonly secrets?: string;
  /** Values of these secrets. */
  readonly values?: Readonly<Record<string, string>>;
}

/** Bytes that differ from seed to seed, and at each position of a piece of 64 KiB. */
export function bytesOf(seed: number, size: number): Buffer {
  return Buffer.alloc(size, Buffer.from(Uint8Array.from({ length: 65_537 }, (_, i) => (i * seed) & 0xff)));
}

const KEY_ID = 'K2JCJMDEHXQW5F';

/**
 * The CDK app's deployment with the front `cloudfront`: its template in the stand-in for CloudFront, before the function
 * behind a local function URL, over a new bucket of the S3 server.
 */
export async function deploy({ isVersioned, settings = {}, secrets, values = {} }: DeploymentOptions) {
  const { bucket, client, put } = await newBucket();
  if (isVersioned) {
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  }
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const cdn = { keyId: KEY_ID, source: { service: 'secretsmanager', id: 'rangeway/cdn' } } as const;
  const config = { bucket, prefix: 'pub/', access, settings, overflow: 'redirect', forbidden: 'denied' } as const;
  const gateway = lambdaGateway(
    s3Client(access),
    { ...config, linkSeconds: 900, cdn },
    BUFFERED_LIMIT,
    () => undefined,
    new Map([[CDN_KEY, pem], ...Object.entries(values)]),
  );
  const handler = lambdaHandler({ gateway, front: 'distribution' });
  const functionUrl = await serveFunction({ mode: 'buffered', handler }, { port: 0 });
  const folder = mkdtempSync(join(tmpdir(), 'rangeway-edge-'));

  /** Reads the bucket with the signature of the distribution, as origin access control does. */
  const readBucket = async ({ target, fields, signal }: OriginRequest) => {
    const { pathname, searchParams } = new URL(`http://s3${target}`);
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: decodeURIComponent(pathname.slice(1)),
      VersionId: searchParams.get('versionId') ?? undefined,
      ResponseContentDisposition: searchParams.get('response-content-disposition') ?? undefined,
    });
    return fetch(await getSignedUrl(client, command), { headers: fields, signal });
  };
  const distribution = await serveDistribution({
    template: synthesise({ front: 'cloudfront', settings, ...(secrets === undefined ? {} : { secrets }) }),
    publicKeys: new Map([[KEY_ID, String(publicKey.export({ type: 'spki', format: 'pem' }))]]),
    origins: {
      lambda: ({ method, target, fields: headers, signal }) =>
        fetch(`${functionUrl.url}${target}`, { method, headers, signal, redirect: 'manual' }),
      s3: readBucket,
    },
    folder,
  });
  return {
    ...distribution,
    key: parseCdnKey(CDN_KEY, KEY_ID, pem),
    put: (key: string, bytes: Uint8Array, fields = {}) => put(`pub/${key}`, bytes, fields),
    /** The address that a request for a key is redirected to. */
    async locate(path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
      const response = await fetch(`${distribution.url}${path}`, { headers, redirect: 'manual' });
      if (response.status !== 307) throw new Error(`${path}: ${response.status}`);
      return new URL(response.headers.get('Location') ?? '', distribution.url).href;
    },
    async stop(): Promise<void> {
      await distribution[Symbol.asyncDispose]();
      await functionUrl.stop(1_000);
      rmSync(folder, { recursive: true });
    },
  };
}
