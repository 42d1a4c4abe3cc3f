import { printable } from '../platform/node/line-log.ts';

/** Writes a message to stderr. Characters that would change what a terminal shows are escaped. */
export function say(message: string): void {
  process.stderr.write(`rangeway: ${printable(message)}\n`);
}
