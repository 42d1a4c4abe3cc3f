import { publicAccess } from '../access/index.ts';
import { withPrivate } from '../http/cache-control.ts';
import { settingsError } from '../base/settings-error.ts';

/** The fields of the top level or of a mount that this file looks at. */
interface Shared {
  readonly access?: unknown;
  readonly cacheControl?: unknown;
}

/**
 * Fills in the top-level fields that a mount does not have itself. A table is inherited as a whole, not field by field.
 * Configuration files and options in code have the same rules.
 *
 * A top-level Cache-Control applies to public mounts too. So on a mount with an access rule it becomes `private`, and
 * shared caches may store responses only if the mount has its own Cache-Control.
 *
 * @param topLevel fields of the top level
 * @param own fields of the mount; `undefined` counts as absent
 */
export function inheritFields<Mount extends Shared>(topLevel: object, own: Mount): Mount {
  const mount = { ...own, ...definedFields(topLevel), ...definedFields(own) };
  const { access, cacheControl } = mount;
  if (own.cacheControl !== undefined || typeof cacheControl !== 'string' || isPublic(access)) return mount;
  return { ...mount, cacheControl: withPrivate(cacheControl) };
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
}

/** Whether an `access` setting, of a configuration or of code, is public. */
function isPublic(access: unknown): boolean {
  return access === undefined || access === 'public' || access === publicAccess();
}

/** Returns the fields of a table whose values are not `undefined`. */
export function definedFields(table: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));
}
