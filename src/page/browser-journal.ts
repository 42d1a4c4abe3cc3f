import { downloadError } from '../client/download-error.ts';
import type { Journal } from '../client/journal.ts';
import { changeRecord, findRecord } from './records.ts';

const TAKEN = 'another tab of this browser is downloading this file';

/**
 * Keeps the journal of a download in IndexedDB. A lock of the browser, which ends with its tab, keeps a second tab off.
 *
 * @param id of the download's record
 */
export function browserJournal(id: string): Journal {
  let release: (() => void) | undefined;
  return {
    async open() {
      release = await takeLock(`rangeway ${id}`);
      if (release === undefined) throw downloadError({ code: 'conflict', reason: TAKEN });
      return (await findRecord(id))?.journal;
    },
    save: (journal) => changeRecord(id, { journal }),
    remove: () => changeRecord(id, { journal: undefined }),
    async close() {
      release?.();
    },
  };
}

/** Takes a lock if it is free. Returns the function that releases it. */
function takeLock(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (lock === null) return resolve(undefined);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}
