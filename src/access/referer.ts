import { ambient, granted, refused, type AccessRule } from './access.ts';
import { settingsError } from '../base/settings-error.ts';

/** Which pages may refer. */
export interface RefererOptions {
  /** Origins such as `https://example.com`; a Referer's path does not count. */
  readonly origins: readonly string[];
  /**
   * What of requests without the field: browsers leave it out by policy, and all other clients by nature. `refuse`
   * breaks downloads for some of the first and `allow` holds off none of the second.
   */
  readonly missing: 'allow' | 'refuse';
}

/** Far more than browsers send. */
const MAX_LENGTH = 8 * 1024;

/**
 * Requests that pages of these origins cause may read. It keeps other sites from embedding files; it keeps no program
 * out, which sends whatever Referer it likes. Pages embed the files and may not read them unless `cors.origins` says so.
 *
 * @throws SettingsError that names what is no origin
 */
export function refererAccess({ origins, missing }: RefererOptions): AccessRule {
  const allowed = new Set(origins.map(parseOrigin));
  return ambient(({ headers }) => {
    const referer = headers.get('Referer') ?? '';
    if (referer === '') return missing === 'allow' ? granted() : refused('forbidden');
    const isAllowed = referer.length <= MAX_LENGTH && URL.canParse(referer) && allowed.has(new URL(referer).origin);
    return isAllowed ? granted() : refused('forbidden');
  });
}

/** Whether a text is an origin: scheme, host, perhaps a port, and nothing behind it. */
export function isOrigin(text: string): boolean {
  return /^https?:\/\/[^/?#\s\\@]+$/.test(text) && URL.canParse(text);
}

function parseOrigin(text: string): string {
  if (isOrigin(text)) return new URL(text).origin;
  throw settingsError(`referer takes origins, such as "https://example.com", not ${JSON.stringify(text).slice(0, 80)}`);
}
