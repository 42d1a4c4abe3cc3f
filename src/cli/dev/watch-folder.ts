import { watch } from 'node:fs';

/** Changes that come one after another within this time are reported once, in ms. */
const QUIET = 300;

/**
 * The time between two reports if the system can't watch the folder, in ms. After a change it is looked at once more
 * after this time: the system watches a new folder only from a moment on, and reports no file that was there before.
 */
const POLL = 1_500;

/**
 * Calls back after files below a folder were added, changed or removed, and soon after the start. One call at a time:
 * changes during a call are reported after it.
 *
 * @param onChange must not reject
 * @returns ends it
 */
export function watchFolder(folder: string, onChange: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let poll: NodeJS.Timeout | undefined;
  let isRunning = false;
  let isDue = false;

  async function run(): Promise<void> {
    isDue = true;
    if (isRunning) return;
    isRunning = true;
    while (isDue) {
      isDue = false;
      await onChange();
    }
    isRunning = false;
  }

  const schedule = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = setTimeout(() => void run(), POLL);
      void run();
    }, QUIET);
  };
  const startPolling = () => {
    poll ??= setInterval(() => void run(), POLL);
  };
  try {
    const watcher = watch(folder, { recursive: true }, schedule);
    // The limit of the system for watched folders, for example.
    watcher.on('error', startPolling);
    // Files may have changed between the caller's last look and this one.
    schedule();
    return () => {
      watcher.close();
      clearTimeout(timer);
      clearInterval(poll);
    };
  } catch {
    startPolling();
    return () => clearInterval(poll);
  }
}
