import { publicAccess } from '../access/index.ts';
import { withPrivate } from '../http/cache-control.ts';
import { settingsError } from '../base/settings-error.ts';

/** The fields of the top level or of a mount that this file looks at. */
interface Shared {
  readonly access?: unknown;
  readonly cacheControl?: unknown;
  readonly cdnCacheControl?: unknown;
  readonly cacheTags?: unknown;
}

/** Fields that only responses without a rule have. */
const PUBLIC_ONLY = ['cdnCacheControl', 'cacheTags'] as const;

/**
 * Fills in the top-level fields that a mount does not have itself. A table is inherited as a whole, not field by field.
 * Configuration files and options in code have the same rules.
 *
 * A top-level Cache-Control applies to public mounts too. So on a mount with an access rule it becomes `private`, and
 * shared caches may store responses only if the mount has its own Cache-Control. Fields for CDNs are not inherited by
 * such a mount. A mount that lists no folders does not inherit the size of their pages.
 *
 * @param topLevel fields of the top level
 * @param own fields of the mount; `undefined` counts as absent
 */
export function inheritFields<Mount extends Shared>(topLevel: object, own: Mount): Mount {
  const mount = { ...own, ...inheritableFields(topLevel, own), ...definedFields(own) };
  const { access, cacheControl } = mount;
  if (isPublic(access)) return mount;
  const guarded = { ...mount };
  for (const name of PUBLIC_ONLY) if (own[name] === undefined) delete guarded[name];
  if (own.cacheControl !== undefined || typeof cacheControl !== 'string') return guarded;
  return { ...guarded, cacheControl: withPrivate(cacheControl) };
}

function inheritableFields(topLevel: object, own: object): Readonly<Record<string, unknown>> {
  const { listingLimit, ...fields } = definedFields(topLevel);
  return isListed(topLevel, own) && listingLimit !== undefined ? { ...fields, listingLimit } : fields;
}

/** Whether a mount lists its folders. */
function isListed(topLevel: object, own: object): boolean {
  return ({ ...definedFields(topLevel), ...definedFields(own) }['listing'] ?? false) !== false;
}

/**
 * Checks that a mount with an access rule has no field for CDNs, which its private responses do not contain.
 *
 * @param where prefix of field names in the message, such as `mounts.0.`
 * @throws SettingsError that names a field without effect
 */
export function assertPublicCaching(mount: Shared, isWithoutRule: boolean, where: string): void {
  const name = isWithoutRule ? undefined : PUBLIC_ONLY.find((field) => mount[field] !== undefined);
  if (name === undefined) return;
  throw settingsError(
    `${where}${name}: has no effect, since responses behind the access rule are private; leave it out, or leave the rule out`,
  );
}

/**
 * Checks that every top-level field is inherited by at least one mount.
 *
 * @param topLevel fields of the top level
 * @throws SettingsError that names a field without effect
 */
export function assertInherited(topLevel: object, mounts: readonly object[]): void {
  const ownFields = mounts.map(definedFields);
  const name = Object.keys(definedFields(topLevel)).find((field) =>
    ownFields.every((own) => Object.hasOwn(own, field)),
  );
  if (name !== undefined) throw settingsError('has no effect, since every mount says its own', name);
  if (definedFields(topLevel)['listingLimit'] !== undefined && !mounts.some((mount) => isListed(topLevel, mount)))
    throw settingsError('has no effect, since no mount has listing', 'listingLimit');
}

/** Whether an `access` setting, of a configuration or of code, is public. */
function isPublic(access: unknown): boolean {
  return access === undefined || access === 'public' || access === publicAccess();
}

/** Returns the fields of a table whose values are not `undefined`. */
export function definedFields(table: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));
}
