import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { say } from '../say.ts';

/**
 * Builds the indexes of a folder in a process of its own, at a low priority, so that downloads are not slowed by it. Its
 * messages go to stderr.
 *
 * @param args of `rangeway index`
 * @returns ends it. A run that was ended is continued by the next
 */
export function indexInBackground(args: readonly string[]): () => void {
  const [, main = ''] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, main, 'index', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  child.once('error', (error) => say(`the piece indexes could not be built: ${error.message}`));
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended, or the system does not allow it.
  }
  const end = () => void child.kill();
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  return end;
}
