import { readFileSync } from 'node:fs';
import { usageError } from './usage.ts';

/**
 * Reads a file of JSON.
 *
 * @param label how messages name the file
 * @throws UsageError that shows nothing of the file, which may hold a secret
 */
export function readJsonFile(file: string, label: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw usageError(`${label}: ${withoutText(error)}`, error);
  }
}

/** V8 shows the text around a mistake. */
function withoutText(error: unknown): string {
  if (!(error instanceof SyntaxError)) return error instanceof Error ? error.message : 'it can not be read';
  const position = /position \d+(?: \(line \d+ column \d+\))?/.exec(error.message)?.[0];
  return position === undefined ? 'it is not JSON' : `it is not JSON, at ${position}`;
}
