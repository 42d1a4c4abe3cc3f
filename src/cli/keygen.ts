import { generateLinkKey } from '../platform/links.ts';
import { KEYGEN_COMMAND } from './commands.ts';
import { parseCommandLine } from './options.ts';
import { usageError } from './usage.ts';

/** Runs `rangeway keygen`: prints a new key for links to stdout, and how to use it to stderr. */
export async function keygen(args: readonly string[]): Promise<void> {
  const { texts } = parseCommandLine(args, KEYGEN_COMMAND);
  // A date in the id shows which of several keys is the old one.
  const id = texts['key-id'] ?? `k${new Date().toISOString().slice(0, 10).replaceAll('-', '')}`;
  process.stdout.write(`${generate(id)}\n`);
  process.stderr.write(
    `rangeway: put ${id} in front of the other keys to sign with it; leave those until their links have expired\n`,
  );
}

function generate(id: string): string {
  try {
    return generateLinkKey(id);
  } catch (error) {
    throw error instanceof RangeError ? usageError(`--key-id: ${error.message}, not "${id}"`, error) : error;
  }
}
