import { printLogEntry, type Log, type LogEntry } from '../../observe/log.ts';

export { printable } from '../../observe/printable.ts';

/** The part of a process that the log needs: its `exit` event. */
interface ExitEvent {
  once(event: 'exit', listener: () => void): unknown;
}

/** The part of a stream such as stdout that the log needs. */
interface Output {
  write(text: string): unknown;
  on(event: 'error', listener: () => void): unknown;
}

/** How long lines are buffered, in ms. A process that is killed loses the lines of this time. */
const FLUSH_DELAY = 10;

/**
 * Creates a log that writes entries to a stream, those of 10 ms at once: a write takes 5 % of the time of a small
 * request. The buffered lines are written when the process exits.
 *
 * @param output the stream; its errors are ignored
 * @param process whose exit flushes the buffer
 * @param print makes the line of an entry, without its line feed; by default JSON
 */
export function lineLog(output: Output, process: ExitEvent, print: (entry: LogEntry) => string = printLogEntry): Log {
  let buffer = '';
  const flush = () => {
    const text = buffer;
    buffer = '';
    if (text !== '') output.write(text);
  };
  // As the console does: the reader of the log may exit, and downloads continue.
  output.on('error', () => undefined);
  process.once('exit', flush);
  return (entry) => {
    if (buffer === '') setTimeout(flush, FLUSH_DELAY);
    buffer += `${print(entry)}\n`;
  };
}
