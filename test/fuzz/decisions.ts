import { decisionCase, literal, shrink, type DecisionCase } from './decision-case.ts';
import { checkDecision, type Checked, type Kind } from './decision-check.ts';

/** The result of a run. */
export interface DecisionRun {
  readonly stats: ReadonlyMap<Kind, number>;
  /** The longest that the core took for one case, in ms. */
  readonly slowest: number;
}

/** More than a decision may ever take, in ms: one of a thousand ranges takes 6 before the code is warm, others 0.01. */
const LIMIT = 250;

/**
 * Has cases `from` up to, not including, `to` of a seed decided and checked.
 *
 * @throws Error with the case as a literal, and how to run it alone
 */
export function fuzzDecisions(
  seed: number,
  to: number,
  from = 0,
  onCase: (index: number) => void = () => undefined,
): DecisionRun {
  const stats = new Map<Kind, number>();
  let slowest = 0;
  for (let index = from; index < to; index++) {
    onCase(index);
    const one = decisionCase(seed, index);
    const { kind, took } = attempt(one, seed, index);
    stats.set(kind, (stats.get(kind) ?? 0) + 1);
    if (took > LIMIT) assertSeldomSlow(one, seed, index);
    slowest = Math.max(slowest, took);
  }
  return { stats, slowest };
}

function attempt(one: DecisionCase, seed: number, index: number): Checked {
  try {
    return checkDecision(one);
  } catch (error) {
    throw failure(error, one, seed, index);
  }
}

function failure(error: unknown, one: DecisionCase, seed: number, index: number): Error {
  const smallest = shrink(one, isWrong);
  const lines = [
    `case ${index} of seed ${seed}: ${error instanceof Error ? error.message : String(error)}`,
    `  again: npm run fuzz -- decisions --seed ${seed} --case ${index}`,
    `  case: ${literal(one)}`,
    `  smaller, ${reason(smallest)}: ${literal(smallest)}`,
  ];
  return new Error(lines.join('\n'), { cause: error });
}

function isWrong(one: DecisionCase): boolean {
  return reason(one) !== undefined;
}

function reason(one: DecisionCase): string | undefined {
  try {
    checkDecision(one);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The machine may have been busy with something else; a case that is slow is slow each time. */
function assertSeldomSlow(one: DecisionCase, seed: number, index: number): void {
  const fastest = Math.min(...[1, 2, 3].map(() => attempt(one, seed, index).took));
  if (fastest > LIMIT) throw failure(new Error(`a decision takes ${Math.round(fastest)} ms, always`), one, seed, index);
}
