import type { ByteDecision, Decision, HeaderList, Span } from '../../src/http/index.ts';
import { answerLength } from '../http/reference/decision-table.ts';

/** The response of a decision, in the form that the checks need. */
export interface Decided {
  readonly decision: Decision;
  readonly fields: HeaderList;
  /** The spans of the representation that are sent, in order. */
  readonly spans: readonly Span[];
}

/** Throws with what should be true and is not. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`should hold and does not: ${what}`);
}

/** The lengths as they are counted by hand. */
export function expectedLength(decision: ByteDecision, spans: readonly Span[], size: number, type: string): number {
  if (decision.status === 206 && decision.form === 'multipart') {
    const pairs = spans.map(({ start, end }) => [start, end] as const);
    return answerLength(pairs, { size, type });
  }
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}
