import { answerCase } from './answer-case.ts';
import { ours, undiciClient } from './answer-clients.ts';
import { compareOutcomes } from './answer-differences.ts';
import { startAnswerServer } from './answer-server.ts';
import { literal } from './decision-case.ts';

/** The result of a run: the numbers of responses that both clients read or refuse, or that differ for a listed reason. */
export interface AnswerRun {
  readonly stats: ReadonlyMap<string, number>;
}

/** Answers at once. */
const CONNECTIONS = 24;

/**
 * Has our HTTP/1.1 client and undici read the answers `from` up to, not including, `to` of a seed, each over a
 * connection of its own.
 *
 * @throws Error where they differ without a listed reason, with the answer as a literal, and how to run it alone
 */
export async function fuzzAnswers(seed: number, to: number, from = 0): Promise<AnswerRun> {
  const server = await startAnswerServer((index) => answerCase(seed, index));
  const stats = new Map<string, number>();
  let next = from;
  const work = async (): Promise<void> => {
    while (next < to) {
      const kind = await runCase(seed, next++, server.origin);
      stats.set(kind, (stats.get(kind) ?? 0) + 1);
    }
  };
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
    return { stats };
  } finally {
    server.stop();
  }
}

async function runCase(seed: number, index: number, origin: string): Promise<string> {
  const { method, pieces } = answerCase(seed, index);
  const [mine, theirs] = await Promise.all([ours, undiciClient].map((client) => client(origin, `/${index}`, method)));
  if (mine === undefined || theirs === undefined) throw new Error('two clients have two outcomes');
  try {
    return compareOutcomes(pieces.join(''), mine, theirs)?.reason ?? `both ${mine.type}`;
  } catch (error) {
    const lines = [
      `answer ${index} of seed ${seed}: ${error instanceof Error ? error.message : String(error)}`,
      `  again: npm run fuzz -- answers --seed ${seed} --case ${index}`,
      `  ${method}, said: ${literal(pieces).slice(0, 6_000)}`,
      `  ours: ${literal(mine).slice(0, 2_000)}`,
      `  undici's: ${literal(theirs).slice(0, 2_000)}`,
    ];
    throw new Error(lines.join('\n'), { cause: error });
  }
}
