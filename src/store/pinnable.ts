import type { EntityTag, Representation } from '../http/index.ts';

/** A version that a strong tag tells from any other. */
export type Pinnable = Representation & { readonly etag: EntityTag };

/** Whether reads of it can be pinned (§8.8.1: a weak tag may stand for other bytes). */
export function isPinnable(representation: Representation): representation is Pinnable {
  return representation.etag !== undefined && !representation.etag.weak;
}
