import { settingsError } from '../base/settings-error.ts';

/** The settings of a mount that this file looks at. */
interface ListingSettings {
  readonly listing?: false | 'json' | 'html' | undefined;
  readonly listingLimit?: number | undefined;
}

/**
 * Most entries of a page on Workers, which have 128 MB: a page of 10,000 has 4 MiB, and some 50 MiB are in use while it
 * is made.
 */
export const WORKERS_LISTING_LIMIT = 10_000;

/** Most entries of a page on Lambda: a buffered response has 4.5 MB, and an entry takes 360 bytes, with long names 900. */
export const LAMBDA_LISTING_LIMIT = 5_000;

/**
 * Checks that the setting `listingLimit` has an effect, and that the platform can hold such a page.
 *
 * @param max entries that the platform allows; `undefined` if it has no limit of its own
 * @param fieldPrefix prefix of field names in the message, such as `mounts.0.`
 * @throws SettingsError if folders are not listed, or if there are more entries than the platform allows
 */
export function assertListingLimit(
  { listing = false, listingLimit }: ListingSettings,
  max: number | undefined,
  fieldPrefix = '',
): void {
  if (listingLimit === undefined) return;
  if (listing === false)
    throw settingsError(
      'has no effect without listing; set listing too, or leave it out',
      `${fieldPrefix}listingLimit`,
    );
  if (max !== undefined && listingLimit > max)
    throw settingsError(
      `takes ${max} entries at the most on this platform, not ${listingLimit}, since a page is made in memory`,
      `${fieldPrefix}listingLimit`,
    );
}
