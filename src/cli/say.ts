import { printable } from '../platform/node/line-log.ts';

/** Writes a message to stderr. Control characters are escaped, so that a message can't change the terminal. */
export function say(message: string): void {
  process.stderr.write(`rangeway: ${printable(message)}\n`);
}
