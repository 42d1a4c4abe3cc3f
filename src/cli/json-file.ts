import { readFileSync } from 'node:fs';
import { explainFileError } from './file-error.ts';
import { usageError } from './usage.ts';

/**
 * Reads a JSON file.
 *
 * @param label the name of the file in messages
 * @throws UsageError if it can't be read or parsed. Its message quotes nothing of the file, which may hold a secret
 */
export function readJsonFile(file: string, label: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw usageError(`${label}: ${withoutText(error)}`, error);
  }
}

/** Removes the text around a mistake, which V8 quotes. */
function withoutText(error: unknown): string {
  if (!(error instanceof SyntaxError)) return explainFileError(error);
  const position = /position \d+(?: \(line \d+ column \d+\))?/.exec(error.message)?.[0];
  return position === undefined ? 'it is not JSON' : `it is not JSON, at ${position}`;
}
