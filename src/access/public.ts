import { granted, withNeeds, type AccessRule } from './access.ts';

const PUBLIC = withNeeds(() => granted({ isPrivate: false }), 'nothing');

/** Whoever asks may read, and any cache may keep the answer. Each call returns the same function. */
export function publicAccess(): AccessRule {
  return PUBLIC;
}
