import { granted, withNeeds, type AccessRule } from './access.ts';

const PUBLIC = withNeeds(() => granted({ isPrivate: false }), 'nothing');

/** A rule that grants every request, and lets any cache keep the answer. Each call returns the same function. */
export function publicAccess(): AccessRule {
  return PUBLIC;
}
