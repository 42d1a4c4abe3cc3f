import { printLogEntry, type Log } from '../../observe/log.ts';

export { printable } from '../../observe/printable.ts';

/** What is needed of a process: to hear of its end. */
interface Ending {
  once(event: 'exit', listener: () => void): unknown;
}

/** What is needed of a stream such as stdout. */
interface Output {
  write(text: string): unknown;
  on(event: 'error', listener: () => void): unknown;
}

/** How long a line waits for others, in ms: what is lost where the process is killed on the spot. */
const WAIT = 10;

/**
 * Writes entries to a stream, those of some ms at once: each write takes 5 % of a small request.
 * What is left is written when the process ends.
 */
export function lineLog(output: Output, process: Ending): Log {
  let lines = '';
  const flush = () => {
    const text = lines;
    lines = '';
    if (text !== '') output.write(text);
  };
  // As the console does: who reads the log may end, and downloads go on.
  output.on('error', () => undefined);
  process.once('exit', flush);
  return (entry) => {
    if (lines === '') setTimeout(flush, WAIT);
    lines += `${printLogEntry(entry)}\n`;
  };
}
