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
  /** It is left out where it does not start: another checkout may refuse the settings of this one. */
  readonly isOptional?: boolean;
  /** @returns what has to be installed first, `undefined` where nothing is missing */
  missing?(): string | undefined;
  start(surroundings: Surroundings): Promise<Running>;
}

/** The storage behind the contestants. */
export interface Storage {
  readonly port: number;
  /** Path of the certificate that its clients have to trust; where there is one, it speaks TLS. */
  readonly certificate?: string | undefined;
  /** Of the process whose counts and CPU are the storage's; `undefined` where nothing is counted. */
  readonly pid?: number | undefined;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Address of a storage, for a program that runs with {@link trust}. */
export function toEndpoint({ port, certificate }: Storage): string {
  return `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
}

/** Variables that make Node trust a storage's certificate. */
export function trust({ certificate }: Storage): Readonly<Record<string, string>> {
  return certificate === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificate };
}

/** What a contestant finds when it starts. */
export interface Surroundings {
  /** Root of the checkout that Rangeway is run from. */
  readonly checkout: string;
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
