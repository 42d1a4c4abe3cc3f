import { granted, type AccessRule } from './access.ts';

/** Whoever asks may read, and any cache may keep the answer. */
export function publicAccess(): AccessRule {
  return () => granted({ isPrivate: false });
}
