import { readFileSync } from 'node:fs';
import { explainFileError } from './file-error.ts';
import { printPlace, type ConfigSource } from './explain-mistakes.ts';
import { findJsonMistake, jsonPlaces } from './json-tree.ts';
import { usageError } from './usage.ts';

/**
 * Reads a JSON file with settings.
 *
 * @param label the name of the file in the message of a file that can't be read
 * @throws UsageError if it can't be read or parsed, or if it has a field twice. Its message quotes nothing of the file,
 *   which may hold a secret
 */
export function readJsonFile(file: string, label: string): ConfigSource {
  const text = readText(file, label);
  const { tree, mistakes } = jsonPlaces(text);
  const source = { file, input: parse(text, file), tree };
  const [first] = mistakes;
  if (first !== undefined) throw usageError(`${printPlace(file, first.place)}: ${first.text}`);
  return source;
}

/**
 * Reads the text of a file.
 *
 * @param label the name of the file in messages
 * @throws UsageError if it can't be read
 */
export function readText(file: string, label: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`${label}: ${explainFileError(error)}`, error);
  }
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const mistake = findJsonMistake(text);
    if (mistake === undefined) throw usageError(`${file}: it is not JSON`, error);
    throw usageError(`${printPlace(file, mistake.place)}: it is not JSON: ${mistake.text}`, error);
  }
}
