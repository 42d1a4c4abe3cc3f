import { depthsFromJson, depthsToJson, type Span } from '../http/index.ts';
import type { Coverage, RunningRequest, UnknownEnd } from './coverage.ts';
import { NO_RECEIPTS, type ReceiptState } from './receipt-state.ts';

/** Prints a coverage for storage: a short text of JSON without names. */
export function packCoverage({ base, above, running, unknown, approximateBytes, receipts }: Coverage): string {
  return JSON.stringify([
    base,
    approximateBytes ?? -1,
    depthsToJson(above),
    running.map(({ id, limit, asked }) => [id, limit, ...ends(asked)]),
    unknown.map(({ isClosed, limit, asked }) => [isClosed ? 1 : 0, limit, ...ends(asked)]),
    ...packReceipts(receipts, running),
  ]);
}

/** Most readers send no receipts, so nothing is printed for them. */
function packReceipts({ acknowledged, at, isAnew }: ReceiptState, running: readonly RunningRequest[]) {
  if (acknowledged === 0 && at === 0 && !isAnew) return [];
  return [[acknowledged, at, isAnew ? 1 : 0, ...running.filter((one) => one.isCorrected).map(({ id }) => id)]];
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
  const [base, approximateBytes, depths, runningList, unknownList, receiptList] = toList(parseJson(text));
  const above = depthsFromJson(depths, size);
  if (above === undefined || !isCount(base)) return undefined;
  const [acknowledged, at, isAnew, ...correctedIds] = toList(receiptList);
  const receipts = { acknowledged: toCount(acknowledged), at: toCount(at), isAnew: isAnew === 1 };
  const running: RunningRequest[] = [];
  for (const item of toList(runningList)) {
    const [id, limit, ...numbers] = toList(item);
    if (typeof id !== 'string' || !isCount(limit)) return undefined;
    const request = { id, limit, asked: toSpans(numbers) };
    running.push(correctedIds.includes(id) ? { ...request, isCorrected: true } : request);
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
    receipts: receiptList === undefined ? NO_RECEIPTS : receipts,
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

function toCount(value: unknown): number {
  return isCount(value) ? value : 0;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
