import type { Span } from '../http/span.ts';
import type { Discovery } from './discovery.ts';
import type { Failure } from './download-error.ts';
import type { EngineOptions } from './engine-types.ts';
import { fetchPieces, type Pieces } from './pieces.ts';
import type { Plan, PlanEvent } from './plan-types.ts';
import type { Sink } from './sink.ts';
import type { Version } from './verdict.ts';
import { expectedDigest, verify, type PieceVerifier, type VerifyResult } from './verify.ts';

/** All that a verifier works with. */
export interface VerifierOptions {
  readonly options: Pick<EngineOptions, 'checksum' | 'pieces' | 'fetcher'>;
  readonly discovery: Discovery;
  readonly fieldsFor: (url: string) => Readonly<Record<string, string>>;
  readonly plan: () => Plan;
  readonly signal: AbortSignal;
  readonly dispatch: (event: PlanEvent & { type: 'corrupt' | 'stop' }) => void;
}

/** Verifies the bytes of a download, beside it and at its end. */
export interface Verifier {
  /** Time has passed: checks the pieces that are complete, and begins a digest of the first bytes. */
  tick(sink: Sink): void;
  /** Returns the bytes whose pieces are right; 0 without an index. */
  verified(): number;
  /** Bytes are written. */
  noteWrite(span: Span): void;
  /** The download begins again: another version may follow. */
  reset(): void;
  /** Verifies the whole, after all bytes were written. */
  finish(sink: Sink, version: Version & { readonly size: number }): Promise<VerifyResult>;
}

/** How often a piece may be wrong until the download fails. */
const MAX_TIMES_WRONG = 4;

const HOPELESS: Failure = { code: 'digest-mismatch', expected: undefined, actual: undefined };

/** Makes the verifier of a download. */
export function verifier(context: VerifierOptions): Verifier {
  const { options, discovery, fieldsFor, plan, signal, dispatch } = context;
  let index: Pieces | undefined;
  let fetching: Promise<void> | undefined;
  /** Whether a digest of the whole is needed is known when the index is there, or is not. */
  let isIndexKnown = options.pieces !== undefined;
  let checking: Promise<void> | undefined;

  function fetchIndex(sink: Sink, version: Version & { readonly size: number }): Promise<void> {
    const url = discovery.pieces();
    if (url === undefined) {
      isIndexKnown = true;
      return Promise.resolve();
    }
    const request = { url, fields: fieldsFor(url), fetcher: options.fetcher, sink, version, signal };
    const own: Promise<void> = fetchPieces(request).then((found) => {
      // Meanwhile the download may have begun again.
      if (fetching !== own) return;
      index = found;
      isIndexKnown = true;
    });
    fetching = own;
    return own;
  }

  async function check(pieces: Pieces): Promise<void> {
    await pieces.check(plan().written, signal, (piece, times) => {
      // The bytes that it has read are gone.
      if (pieces !== index) return;
      if (times >= MAX_TIMES_WRONG) dispatch({ type: 'stop', failure: HOPELESS });
      else dispatch({ type: 'corrupt', span: piece });
    });
  }

  function prepareDigest(sink: Sink, { written, version }: Plan): void {
    const [first] = written;
    const isKnown = isIndexKnown || options.checksum !== undefined;
    if (!isKnown || version === undefined || first?.start !== 0) return;
    const expected = expectedDigest(options.checksum, discovery.digestsOf(version), index);
    if (expected === undefined || expected === 'proved by pieces') return;
    sink.prepareDigest?.(expected.algorithm, first.end);
  }

  return {
    tick(sink) {
      const current = plan();
      const { version, phase } = current;
      if (phase !== 'transfer' || version?.size === undefined) return;
      if (fetching === undefined && options.pieces === undefined)
        void fetchIndex(sink, { ...version, size: version.size });
      if (index !== undefined && checking === undefined) {
        // A piece that can't be read is found at the end.
        checking = check(index)
          .catch(() => undefined)
          .finally(() => (checking = undefined));
      }
      prepareDigest(sink, current);
    },
    verified: () => index?.rightBytes() ?? 0,
    noteWrite: (span) => index?.noteWrite(span),
    reset() {
      index = undefined;
      fetching = undefined;
      isIndexKnown = options.pieces !== undefined;
    },
    async finish(sink, version) {
      await discovery.settled();
      await fetching;
      await checking;
      if (index === undefined && options.pieces === undefined) await fetchIndex(sink, version);
      const pieces: PieceVerifier | undefined = options.pieces ?? index;
      const digests = discovery.digestsOf(version);
      return verify({ sink, version, digests, checksum: options.checksum, pieces, signal });
    },
  };
}
