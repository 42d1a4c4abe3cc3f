import type { Catalogue } from '../origin/objects.ts';

/**
 * What a contestant is in the comparison: Rangeway in one of its forms (`subject`), a program that does the same
 * (`peer`), or what the platform does without any gateway, and so the most that can be had (`limit`).
 */
export type Role = 'subject' | 'peer' | 'limit';

/** A server to be measured. Contestants are data: to add one is to add one of these to a part. */
export interface Contestant {
  readonly name: string;
  readonly role: Role;
  /** @returns what has to be installed first, `undefined` where nothing is missing */
  missing?(): string | undefined;
  start(surroundings: Surroundings): Promise<Running>;
}

/** The storage behind the contestants. */
export interface Storage {
  readonly port: number;
  /** Of the process whose counts and CPU are the storage's; `undefined` where nothing is counted. */
  readonly pid?: number | undefined;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What a contestant finds when it starts. */
export interface Surroundings {
  readonly storage: Storage;
  readonly objects: Catalogue;
  /** Its own, empty, removed after the part. */
  readonly folder: string;
  /** Kept between runs: for what takes long to make. */
  readonly kept: string;
}

/** A contestant that runs, on loopback. */
export interface Running {
  readonly port: number;
  /** The process that is measured, with its descendants. */
  readonly pid: number;
  /** Path of a key. */
  readonly path: (key: string) => string;
  stop(): Promise<void>;
}
