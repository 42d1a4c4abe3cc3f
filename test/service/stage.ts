import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Fault } from '../faults/fault.ts';
import { BUCKET, startOrigin, type Origin } from '../faults/origin.ts';
import { makeVersion, type StoredObject } from '../faults/stored-object.ts';
import { startGateway, type GatewayProcess } from './gateway-process.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** Registers a cleanup for the end of the test; the last one runs first. */
export function afterTest(end: () => unknown): void {
  ends.push(end);
}

/** `rangeway serve --s3` over an origin on plain sockets, and the origin. */
export interface Stage {
  readonly gateway: GatewayProcess;
  readonly origin: Origin;
}

/** The options of a stage. */
export interface StageOptions {
  /** Sizes of its objects in bytes, by their keys. */
  readonly objects: Readonly<Record<string, number>>;
  /** The gateway's configuration. */
  readonly config?: object;
  /** The fault of a request for a key. */
  readonly fault?: (key: string) => Fault | undefined;
  /** Node's own options of the gateway. */
  readonly flags?: readonly string[];
}

/** Starts a stage; it is stopped after the test. */
export async function startStage({ objects, config = {}, fault, flags = [] }: StageOptions): Promise<Stage> {
  const stored = new Map<string, StoredObject>();
  for (const [key, size] of Object.entries(objects))
    stored.set(key, { versions: [makeVersion(contentOf(key, size), 0, false)], current: 0 });
  const origin = await startOrigin((key) => ({ object: stored.get(key), fault: () => fault?.(key) }));
  afterTest(() => origin.stop());
  const s3 = ['--s3', BUCKET, '--endpoint', origin.endpoint, '--path-style'];
  const gateway = await startGateway([...s3, '--config', await writeConfig(config)], flags);
  afterTest(() => gateway.stop());
  return { gateway, origin };
}

/** Writes a configuration to a file that is removed after the test. */
export async function writeConfig(config: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rangeway-service-'));
  afterTest(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify(config));
  return file;
}

/** The bytes of an object: different for each key and each position. */
export function contentOf(key: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const salt = Buffer.from(key).reduce((sum, byte) => (sum * 31 + byte) % 65_521, 7);
  for (let at = 0; at < size; at++) bytes[at] = (at * 167 + (at >> 8) * 59 + salt) % 251;
  return bytes;
}
