import { ANSWER_PARAMETERS } from '../../http/index.ts';
import { usageError } from '../usage.ts';
import { cloudflarePurge } from './cloudflare.ts';
import { cloudfrontPurge } from './cloudfront.ts';
import type { CdnPurge, Environment } from './request.ts';

/** The names that `--cdn` takes. */
export const CDNS = ['cloudflare', 'cloudfront'] as const;

/** The values of the command line that a CDN needs. */
export interface CdnOptions {
  readonly cdn: string;
  readonly zone: string | undefined;
  readonly distribution: string | undefined;
}

/**
 * Prepares a purge at the edge, and checks options and credentials.
 *
 * @throws UsageError for a name that is unknown, an option of another CDN, or credentials that are missing
 */
export function openCdnPurge(
  { cdn, zone, distribution }: CdnOptions,
  env: Environment,
  report: (sentence: string) => void,
): CdnPurge {
  const name = CDNS.find((one) => one === cdn);
  switch (name) {
    case 'cloudflare':
      if (distribution !== undefined) throw usageError('--distribution is for --cdn cloudfront');
      return cloudflarePurge(zone, env, report);
    case 'cloudfront':
      if (zone !== undefined) throw usageError('--zone is for --cdn cloudflare');
      return cloudfrontPurge(distribution, env, report);
    case undefined:
      throw usageError(`--cdn takes ${CDNS.join(' or ')}, not "${cdn}"`);
  }
}

/**
 * Returns the addresses under which a CDN may keep an object: without a query, and with each parameter that changes the
 * response of a public mount.
 */
export function cachedAddresses(address: URL): readonly URL[] {
  const parameters = Object.entries(ANSWER_PARAMETERS).filter(([, mounts]) => mounts === 'every');
  return [address, ...parameters.map(([name]) => new URL(`?${name}`, address))];
}
