/**
 * `node workerd.ts OPTIONS`, with the JSON of {@link WorkerOptions}: runs a Worker in workerd, puts missing objects into
 * its local bucket, and prints its URL to stderr.
 */
import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { startWorkerd, type Workerd } from '../../../src/cli/dev/workerd.ts';
import { bytesAt, MAX_SLICE, type BenchObject } from '../../origin/objects.ts';
import { parseWorkerOptions } from '../worker-options.ts';

const { config, environment, variables, bucket } = parseWorkerOptions(process.argv[2] ?? '');
const workerd = await startWorkerd({
  config,
  variables,
  host: '127.0.0.1',
  port: 0,
  ...(environment === undefined ? {} : { environment }),
  ...(bucket === undefined ? {} : { persist: bucket.folder }),
});
if (bucket !== undefined) await fillBucket(workerd, bucket.objects, bucket.files);
process.stderr.write(`${workerd.url}\n`);
process.once('SIGTERM', () => void workerd.stop().finally(() => process.exit(0)));

async function fillBucket({ bucket: local }: Workerd, objects: readonly BenchObject[], folder: string): Promise<void> {
  const marks = new Map((await local.list()).map(({ key, mark }) => [key, mark]));
  for (const object of objects) {
    const { key, size, tag } = object;
    if (marks.get(key) !== tag) await local.put(key, { path: await writeObject(object, folder), size, mark: tag });
  }
}

/** Writes an object's bytes to a file that all Workers share, if it does not exist yet. */
async function writeObject({ size, tag }: BenchObject, folder: string): Promise<string> {
  const path = join(folder, tag);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await pipeline(Readable.from(slices(size)), createWriteStream(unfinished));
  renameSync(unfinished, path);
  return path;
}

function* slices(size: number): Generator<Buffer, undefined> {
  for (let at = 0; at < size; at += MAX_SLICE) yield bytesAt(at, Math.min(MAX_SLICE, size - at));
}
