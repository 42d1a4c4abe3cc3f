import { newCoverage, updateCoverage, type Coverage, type CoverageUpdate } from '../../src/transfers/coverage.ts';
import type { Span } from '../../src/http/span.ts';

/** One choice from 0 to less than `below`. */
export type Choose = (below: number) => number;

/** A download program that keeps the bytes it has, and one counter for each byte that it received. */
export interface ReaderModel {
  /** What the gateway knows. */
  coverage(): Coverage;
  /** How often each byte was delivered, by requests that have ended. */
  readonly delivered: readonly number[];
  /** How often each byte was delivered by requests whose end the gateway knows. */
  readonly reported: readonly number[];
  /** Asks for everything that is missing, in several requests, in any order. */
  ask(): void;
  /** Lets one open request receive some bytes. */
  receive(): void;
  /** Ends one open request. */
  end(): void;
  /** Forgets all bytes: the next download of the same object begins. */
  forget(): void;
  readonly openRequests: () => number;
}

interface OpenRequest {
  readonly id: string;
  readonly asked: readonly Span[];
  received: number;
}

/**
 * Makes a download program of the model.
 *
 * @param size of the object in bytes
 * @param choose decides about everything that may vary
 * @param knowsEnds whether the gateway knows how many bytes of a broken response were sent
 */
export function readerModel(size: number, choose: Choose, knowsEnds: (choose: Choose) => boolean): ReaderModel {
  let coverage = newCoverage(size);
  let requests = 0;
  let has = Array.from({ length: size }, () => false);
  const delivered = Array.from({ length: size }, () => 0);
  const reported = Array.from({ length: size }, () => 0);
  const open: OpenRequest[] = [];

  /** The bytes of a request in the order in which they are sent. */
  const bytesOf = ({ asked }: Pick<OpenRequest, 'asked'>) =>
    asked.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i));

  function change(work: (update: CoverageUpdate) => void): void {
    const update = updateCoverage(coverage);
    work(update);
    coverage = update.finish();
  }

  function begin(asked: readonly Span[]): void {
    const id = String(requests++);
    change((update) => update.start(id, asked));
    open.push({ id, asked, received: 0 });
  }

  function finish(request: OpenRequest): void {
    open.splice(open.indexOf(request), 1);
    const received = bytesOf(request).slice(0, request.received);
    for (const at of received) delivered[at] = (delivered[at] ?? 0) + 1;
    const isReported = request.received === bytesOf(request).length || knowsEnds(choose);
    if (isReported) for (const at of received) reported[at] = (reported[at] ?? 0) + 1;
    const spans: Span[] = [];
    for (const at of received) {
      const last = spans.at(-1);
      if (last?.end === at) spans[spans.length - 1] = { start: last.start, end: at + 1 };
      else spans.push({ start: at, end: at + 1 });
    }
    change((update) => update.end(request.id, isReported ? spans : 'unknown'));
  }

  /** The gaps that no open request will fill, each cut into pieces. */
  function missingPieces(): Span[] {
    const wanted = has.map((is) => !is);
    for (const request of open) for (const at of bytesOf(request).slice(request.received)) wanted[at] = false;
    const pieces: Span[] = [];
    for (let at = 0; at < size; at++) {
      const last = pieces.at(-1);
      if (wanted[at] !== true) continue;
      if (last === undefined || last.end !== at || choose(6) === 0) pieces.push({ start: at, end: at + 1 });
      else pieces[pieces.length - 1] = { start: last.start, end: at + 1 };
    }
    return pieces;
  }

  return {
    coverage: () => coverage,
    delivered,
    reported,
    ask() {
      const pieces = missingPieces();
      while (pieces.length > 0) {
        const [first] = pieces.splice(choose(pieces.length), 1);
        if (first === undefined) break;
        const asked = [first];
        // Some requests have several ranges.
        while (choose(5) === 0 && pieces.length > 0) asked.push(...pieces.splice(choose(pieces.length), 1));
        // Some ask up to the end, and break the response off when they have what they want.
        const [only] = asked;
        if (choose(4) === 0 && asked.length === 1 && only !== undefined) begin([{ start: only.start, end: size }]);
        else begin(asked);
      }
    },
    receive() {
      const request = open[choose(Math.max(1, open.length))];
      if (request === undefined) return;
      const bytes = bytesOf(request);
      const next = Math.min(bytes.length, request.received + 1 + choose(size));
      for (const at of bytes.slice(request.received, next)) has[at] = true;
      request.received = next;
      if (next === bytes.length) finish(request);
    },
    end() {
      const request = open[choose(Math.max(1, open.length))];
      if (request !== undefined) finish(request);
    },
    forget() {
      while (open[0] !== undefined) finish(open[0]);
      has = Array.from({ length: size }, () => false);
    },
    openRequests: () => open.length,
  };
}
