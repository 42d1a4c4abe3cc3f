import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Storage } from '../contestants/contestant.ts';
import { freePort } from '../free-port.ts';
import { BUCKET } from './respond.ts';
import { bytesAt, MAX_SLICE, type BenchObject } from './objects.ts';

/** A running RADOS gateway of Ceph, started as for the tests. */
export interface Ceph {
  readonly storage: Storage;
  stop(): void;
}

const SCRIPT = join(import.meta.dirname, '../../test/s3/ceph.sh');

/** Timeout of the start in ms; it takes 13 s on two cores. */
const START_TIMEOUT = 120_000;

const KEYS = { accessKeyId: 'rangeway', secretAccessKey: 'rangeway-secret' };

/**
 * Starts Ceph's RADOS gateway and stores these objects as public, because nginx can't sign requests.
 *
 * @param folder in which it keeps its state
 */
export async function startCeph(objects: readonly BenchObject[], folder: string): Promise<Ceph> {
  const state = join(folder, 'ceph');
  const port = await freePort();
  execFileSync('bash', [SCRIPT, 'up', state, String(port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: START_TIMEOUT,
  });
  const stop = () => void execFileSync('bash', [SCRIPT, 'down', state]);
  try {
    const endpoint = `http://127.0.0.1:${port}`;
    // Rangeway's own S3 client can only read.
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: KEYS });
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    for (const object of objects) {
      const input = { Bucket: BUCKET, Key: object.key, Body: bytesOf(object), ACL: 'public-read' } as const;
      await client.send(new PutObjectCommand(input));
    }
    return { storage: { port, bucket: BUCKET, ...KEYS }, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

function bytesOf({ size }: BenchObject): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < size; at += MAX_SLICE) pieces.push(bytesAt(at, Math.min(MAX_SLICE, size - at)));
  return Buffer.concat(pieces);
}
