import { depthsFromJson, depthsToJson, type Span } from '../http/index.ts';
import type { Coverage, RunningRequest, UnknownEnd } from './coverage.ts';

/** Prints a coverage for storage: a short text of JSON without names. */
export function packCoverage({ base, above, running, unknown, approximateBytes }: Coverage): string {
  return JSON.stringify([
    base,
    approximateBytes ?? -1,
    depthsToJson(above),
    running.map(({ id, limit, asked }) => [id, limit, ...ends(asked)]),
    unknown.map(({ isClosed, limit, asked }) => [isClosed ? 1 : 0, limit, ...ends(asked)]),
  ]);
}

function ends(spans: readonly Span[]): readonly number[] {
  return spans.flatMap(({ start, end }) => [start, end]);
}

/**
 * Reads a coverage that {@link packCoverage} has printed.
 *
 * @param size of the object in bytes
 * @returns `undefined` if the text is damaged
 */
export function unpackCoverage(text: string, size: number): Coverage | undefined {
  const [base, approximateBytes, depths, runningList, unknownList] = toList(parseJson(text));
  const above = depthsFromJson(depths, size);
  if (above === undefined || !isCount(base)) return undefined;
  const running: RunningRequest[] = [];
  for (const item of toList(runningList)) {
    const [id, limit, ...numbers] = toList(item);
    if (typeof id !== 'string' || !isCount(limit)) return undefined;
    running.push({ id, limit, asked: toSpans(numbers) });
  }
  const unknown: UnknownEnd[] = [];
  for (const item of toList(unknownList)) {
    const [isClosed, limit, ...numbers] = toList(item);
    if (!isCount(limit)) return undefined;
    unknown.push({ isClosed: isClosed === 1, limit, asked: toSpans(numbers) });
  }
  return {
    size,
    base,
    above,
    running,
    unknown,
    approximateBytes: isCount(approximateBytes) ? approximateBytes : undefined,
  };
}

/** Reads pairs of numbers. A pair that is damaged is omitted, so its bytes do not count. */
function toSpans(numbers: readonly unknown[]): readonly Span[] {
  const spans: Span[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    const [start, end] = [numbers[i], numbers[i + 1]];
    if (isCount(start) && isCount(end) && start < end) spans.push({ start, end });
  }
  return spans;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
