import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { isInstalled } from '../contestants/spawn.ts';

/** Files of a self-signed certificate for a server on loopback. */
export interface Certificate {
  /** Path of the private key, as PEM. */
  readonly key: string;
  /** Path of the certificate, as PEM. Clients have to trust it. */
  readonly cert: string;
}

/** Options of openssl: for 127.0.0.1 and localhost, with a key on the curve P-256, which is common for storage services. */
const REQUEST =
  'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2 -subj /CN=localhost ' +
  '-addext subjectAltName=DNS:localhost,IP:127.0.0.1';

/**
 * Makes a certificate that is valid for two days.
 *
 * @returns `undefined` if openssl is not installed
 */
export function makeCertificate(folder: string): Certificate | undefined {
  if (!isInstalled('openssl')) return undefined;
  const files = { key: join(folder, 'origin.key'), cert: join(folder, 'origin.crt') };
  execFileSync('openssl', [...REQUEST.split(' '), '-keyout', files.key, '-out', files.cert], { stdio: 'pipe' });
  return files;
}
