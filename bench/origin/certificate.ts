import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { isInstalled } from '../contestants/spawn.ts';

/** A certificate that signs itself, of a server on loopback. */
export interface Certificate {
  /** Path of its private key, as PEM. */
  readonly key: string;
  /** Path of the certificate, as PEM: what its clients have to trust. */
  readonly cert: string;
}

/** Of 127.0.0.1 and localhost, with a key on the curve P-256, as storages have them. */
const REQUEST =
  'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2 -subj /CN=localhost ' +
  '-addext subjectAltName=DNS:localhost,IP:127.0.0.1';

/** Makes one for this run. @returns `undefined` where openssl is not installed */
export function makeCertificate(folder: string): Certificate | undefined {
  if (!isInstalled('openssl')) return undefined;
  const made = { key: join(folder, 'origin.key'), cert: join(folder, 'origin.crt') };
  execFileSync('openssl', [...REQUEST.split(' '), '-keyout', made.key, '-out', made.cert], { stdio: 'pipe' });
  return made;
}
