import { describe, expect, test } from 'vitest';
import { ours, undiciClient, type AnswerClient } from './answer-clients.ts';
import { compareOutcomes, REQUIRED, STRICTER, type Difference } from './answer-differences.ts';
import { startAnswerServer } from './answer-server.ts';
import { fuzzAnswers } from './answers.ts';
import { chooseCount, chooseSeed } from './random.ts';

const CASES = chooseCount('RANGEWAY_FUZZ_ANSWERS', 1_500);

test('the HTTP/1.1 client reads any response like undici, or refuses it', { timeout: 600_000 }, async () => {
  const { stats } = await fuzzAnswers(chooseSeed(), CASES);
  // If one of them were rare, the cases would no longer test it.
  expect(stats.get('both read')).toBeGreaterThan(CASES / 4);
  expect(stats.get('both refused')).toBeGreaterThan(CASES / 4);
});

describe('the clients differ', () => {
  async function read(client: AnswerClient, text: string) {
    const server = await startAnswerServer(() => ({ method: 'GET', pieces: [text] }));
    try {
      return await client(server.origin, '/0', 'GET');
    } finally {
      server.stop();
    }
  }
  async function compare({ example }: Difference): Promise<Difference | undefined> {
    return compareOutcomes(example, await read(ours, example), await read(undiciClient, example));
  }

  test.for(STRICTER)('$reason ($rule)', async (difference) => {
    expect(await read(ours, difference.example)).toMatchObject({ type: 'refused' });
    expect(await compare(difference)).toBe(difference);
  });

  test.for(REQUIRED)('$reason ($rule)', async (difference) => {
    expect(await read(ours, difference.example)).toMatchObject({ type: 'read', status: 200, body: 'abc' });
    expect(await compare(difference)).toBe(difference);
  });
});
