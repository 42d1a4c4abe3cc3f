import { isDeepStrictEqual } from 'node:util';
import { test } from 'vitest';
import { toIntervals, type Intervals } from '../../src/http/intervals.ts';
import type { Span } from '../../src/http/span.ts';
import { progressOf } from '../../src/transfers/coverage.ts';
import { packCoverage, unpackCoverage } from '../../src/transfers/packed-coverage.ts';
import { newRecord, stateOf, updateRecord, type RecordUpdate } from '../../src/transfers/transfer-record.ts';
import { share } from '../campaigns/share.ts';
import { random } from '../faults/random.ts';

/** 100,000 in campaigns. */
const HISTORIES = share(100_000);

const OBJECT = { mount: '/', key: 'a', etag: '"v"', reader: 'link:1' };

interface OpenRequest {
  readonly id: string;
  readonly bytes: readonly number[];
  received: number;
}

/**
 * A program with one flag for each byte of its disk. Its bytes come through the gateway or from elsewhere, more is sent
 * to it than it reads, and it sends receipts: at any time, and when it has the whole object.
 */
function program(seed: number) {
  const draws = random(seed);
  const choose = (below: number) => draws.int(0, below - 1);
  const size = 1 + choose(24);
  let record = newRecord({ ...OBJECT, size }, 'id', 0);
  let clock = 1_000;
  let requests = 0;
  let finished = 0;
  let has = Array.from({ length: size }, () => false);
  /** Whether the gateway knows that a download has begun: two whole receipts without a request between them are one. */
  let isBegun = false;
  const open: OpenRequest[] = [];
  const reader = { name: OBJECT.reader, shard: 0 };
  const common = (id: string) => ({ id, at: clock++, object: { ...OBJECT, size }, reader });
  const change = (work: (update: RecordUpdate) => void) => {
    const update = updateRecord(record);
    work(update);
    record = update.finish().record;
  };
  const onDisk = () => toIntervals(has.flatMap((is, at) => (is ? [{ start: at, end: at + 1 }] : [])));

  function spansOf(bytes: readonly number[]): Span[] {
    const spans: Span[] = [];
    for (const at of bytes) {
      const last = spans.at(-1);
      if (last?.end === at) spans[spans.length - 1] = { start: last.start, end: at + 1 };
      else spans.push({ start: at, end: at + 1 });
    }
    return spans;
  }

  function assertState(received: Intervals): void {
    const { complete, progress, intervals } = progressOf(record.coverage);
    const isWhole = has.every(Boolean);
    const expected = { complete: finished, intervals: isWhole ? [] : received };
    const isRight = isDeepStrictEqual({ complete, intervals }, expected) && (!isWhole || progress === 0);
    const isStated = open.length > 0 || stateOf(record) === (isWhole ? 'complete' : 'paused');
    if (isRight && isStated) return;
    throw new Error(`history ${seed} of ${size} bytes: ${JSON.stringify({ complete, intervals, finished, received })}`);
  }

  function sendReceipt(): void {
    const received = onDisk();
    if (has.every(Boolean)) finished++;
    for (let i = 1 + choose(2); i > 0; i--) {
      change((update) => update.receive({ type: 'receipt', received, ...common('receipt') }));
      assertState(received);
    }
    if (!isDeepStrictEqual(unpackCoverage(packCoverage(record.coverage), size), record.coverage)) {
      throw new Error(`history ${seed}: the coverage is not read as it was stored`);
    }
    isBegun = !has.every(Boolean);
    if (!isBegun) has = has.map(() => false);
  }

  function end(request: OpenRequest): void {
    open.splice(open.indexOf(request), 1);
    const { bytes, received, id } = request;
    // Sockets hold bytes that the program never reads.
    const lacksFirst = bytes.includes(0) && !bytes.slice(0, received).includes(0);
    const sent = lacksFirst ? received : received + choose(bytes.length - received + 1);
    const isComplete = received === bytes.length;
    const delivered = !isComplete && choose(3) === 0 ? ('unknown' as const) : spansOf(bytes.slice(0, sent));
    const outcome = isComplete ? ('complete' as const) : ('aborted' as const);
    change((update) => update.end({ type: 'end', status: 206, outcome, delivered, bytesSent: null, ...common(id) }));
  }

  return () => {
    const request = open[choose(Math.max(1, open.length))];
    const missing = has.flatMap((is, at) => (is ? [] : [at]));
    switch (choose(6)) {
      case 0:
      case 1: {
        const expected = new Set(open.flatMap(({ bytes }) => bytes));
        const wanted = missing.filter((at) => !expected.has(at));
        const start = wanted[choose(Math.max(1, wanted.length))] ?? size;
        const bytes = wanted.filter((at) => at >= start && (at === start || choose(8) > 0));
        if (bytes.length === 0) return;
        const id = String(requests++);
        open.push({ id, bytes, received: 0 });
        isBegun = true;
        change((update) => update.start({ type: 'start', asked: spansOf(bytes), ...common(id) }));
        return;
      }
      case 2:
      case 3:
        if (request === undefined) return;
        for (let i = choose(size); i >= 0 && request.received < request.bytes.length; i--) {
          has[request.bytes[request.received++] ?? 0] = true;
        }
        if (request.received === request.bytes.length) end(request);
        break;
      case 4:
        if (request !== undefined) end(request);
        break;
      case 5:
        // From a cache, or from the storage after a redirect.
        for (const at of missing) if (isBegun && choose(4) === 0) has[at] = true;
        break;
    }
    if (!has.every(Boolean)) {
      if (choose(4) === 0) sendReceipt();
      return;
    }
    // The gateway does not always know of the end before the receipt. The requests of a finished download end before
    // the next one begins.
    const before = choose(open.length + 1);
    for (const one of open.slice(before)) end(one);
    sendReceipt();
    for (const one of open.slice()) end(one);
  };
}

test(`${HISTORIES} random histories: after each receipt, the state is that of the disk`, { timeout: 600_000 }, () => {
  for (let seed = 0; seed < HISTORIES; seed++) {
    const step = program(seed);
    for (let i = 0; i < 40; i++) step();
  }
});
