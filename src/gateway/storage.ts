import type { ObjectStore } from '../store/object-store.ts';
import { withResume } from '../store/resume.ts';
import type { Conduit } from './conduit.ts';
import type { Settings } from './settings.ts';

/**
 * The store that a gateway reads from: the one it was given, with what the settings put around it.
 *
 * Bodies are read on by default where they pass through JavaScript anyway. Where they don't, that would double the
 * CPU time of a body (in workerd, from 1.3 to 2.7 seconds a GiB, the kernel's part included), and takes a setting.
 */
export function openStorage(store: ObjectStore, { toReader, isNative }: Conduit, { resume }: Settings): ObjectStore {
  if (resume === false || (resume === undefined && isNative)) return store;
  return withResume(store, { ...(typeof resume === 'object' ? resume : {}), toReader });
}
