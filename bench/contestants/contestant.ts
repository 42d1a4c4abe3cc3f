import type { Catalogue } from '../origin/objects.ts';

/**
 * Role of a contestant: a configuration of Rangeway (`subject`), another program with the same task (`peer`), or the
 * platform without a gateway, which is the upper limit (`limit`).
 */
export type Role = 'subject' | 'peer' | 'limit';

/** A server to measure. A new contestant is a new object of this type in a part. */
export interface Contestant {
  readonly name: string;
  readonly role: Role;
  /** Whether the run continues without it if it does not start: another checkout may reject the settings of this one. */
  readonly isOptional?: boolean;
  /** Returns what has to be installed, or `undefined` if everything is installed. */
  missing?(): string | undefined;
  start(setup: Setup): Promise<RunningServer>;
}

/** The storage behind the contestants. */
export interface Storage {
  readonly port: number;
  /** Path of the certificate that clients have to trust, if the storage uses TLS. */
  readonly certificate?: string | undefined;
  /** Process whose requests, bytes and CPU are counted as the storage's; `undefined` if nothing is counted. */
  readonly pid?: number | undefined;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Returns the URL of a storage, for a program that runs with the variables of {@link trust}. */
export function toEndpoint({ port, certificate }: Storage): string {
  return `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
}

/** Returns the environment variables that make Node trust the certificate of a storage. */
export function trust({ certificate }: Storage): Readonly<Record<string, string>> {
  return certificate === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificate };
}

/** The arguments of a contestant's start. */
export interface Setup {
  /** Root of the checkout from which Rangeway is run. */
  readonly checkout: string;
  readonly storage: Storage;
  readonly objects: Catalogue;
  /** An empty folder of this contestant, removed after the part. */
  readonly folder: string;
  /** A folder that is reused by later runs, for files that take long to make. */
  readonly reusedFolder: string;
}

/** A running contestant on loopback. */
export interface RunningServer {
  readonly port: number;
  /** The process to measure, with its descendants. */
  readonly pid: number;
  /** Returns the path of a key. */
  readonly path: (key: string) => string;
  stop(): Promise<void>;
}
