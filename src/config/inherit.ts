import { publicAccess } from '../access/index.ts';
import { asPrivate } from '../http/cache-control.ts';
import { settingsError } from '../base/settings-error.ts';

/** What stands above all mounts, or in one, of which only these fields matter here. */
interface Shared {
  readonly access?: unknown;
  readonly cacheControl?: unknown;
}

/**
 * Fills in what stands above all mounts where a mount itself says nothing; `undefined` says nothing. A table is taken
 * whole, not field by field. Of a configuration and of code alike.
 *
 * A Cache-Control from above is meant for all mounts, the public ones among them. On a mount with a rule,
 * shared caches may keep an answer only if that mount itself says so.
 */
export function inherit<Mount extends Shared>(above: object, own: Mount): Mount {
  const mount = { ...own, ...definedFields(above), ...definedFields(own) };
  const { access, cacheControl } = mount;
  if (own.cacheControl !== undefined || typeof cacheControl !== 'string' || isPublic(access)) return mount;
  return { ...mount, cacheControl: asPrivate(cacheControl) };
}

/**
 * @throws SettingsError where something stands above all mounts, and no mount takes it from there
 */
export function assertInherited(above: object, mounts: readonly object[]): void {
  const owns = mounts.map(definedFields);
  const name = Object.keys(definedFields(above)).find((one) => owns.every((own) => Object.hasOwn(own, one)));
  if (name !== undefined) throw settingsError(`${name}: has no effect, since every mount says its own`);
}

/** Whether everybody may read, by what a configuration or code says of it. */
function isPublic(access: unknown): boolean {
  return access === undefined || access === 'public' || access === publicAccess();
}

/** The fields of a table that say something: all but those that are `undefined`. */
export function definedFields(table: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));
}
