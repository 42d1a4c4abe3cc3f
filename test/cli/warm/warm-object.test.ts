import { expect, test } from 'vitest';
import type { WarmRequest, WarmResult } from '../../../src/cli/warm/ask.ts';
import { warmObject, type WarmRead } from '../../../src/cli/warm/warm-object.ts';

const BASE = 'https://files.example.com/releases/';

interface Change {
  readonly isPartial?: boolean;
  readonly isStored?: boolean;
  readonly reason?: string;
}

/** Asks for an object of some size; the requests are recorded. */
function recordingAsk(size: number, change: (offset: number, count: number) => Change = () => ({})) {
  const asked: string[] = [];
  const counts = new Map<number, number>();
  const ask = async ({ address, offset }: WarmRequest): Promise<WarmResult> => {
    asked.push(`${address.href} ${offset ?? 'whole'}`);
    const at = offset ?? 0;
    counts.set(at, (counts.get(at) ?? 0) + 1);
    const { reason, isPartial = true, isStored = true } = change(at, counts.get(at) ?? 0);
    return reason === undefined ? { type: 'read', isPartial, size, isStored } : { type: 'failed', reason };
  };
  return { asked, ask };
}

const URL_A = `${BASE}a%20b/c.bin`;

test.for([
  [{ type: 'first' }, 100, ['0']],
  [{ type: 'whole' }, 100, ['whole']],
  [{ type: 'blocks', size: 10 }, 0, ['0']],
  [{ type: 'blocks', size: 10 }, 10, ['0']],
  [{ type: 'blocks', size: 10 }, 11, ['0', '10']],
  [{ type: 'blocks', size: 10 }, 35, ['0', '10', '20', '30']],
] as const satisfies readonly (readonly [WarmRead, number, readonly string[]])[])(
  '%o of %d bytes',
  async ([read, size, offsets]) => {
    const { asked, ask } = recordingAsk(size);
    expect(await warmObject(BASE, 'a b/c.bin', read, ask, 2)).toBeUndefined();
    expect(asked.toSorted()).toEqual(offsets.map((offset) => `${URL_A} ${offset}`).toSorted());
  },
);

test('bytes that a cache did not store are asked for once more, and not forever', async () => {
  const first = recordingAsk(35, (_, count) => ({ isStored: count > 1 }));
  expect(await warmObject(BASE, 'a', { type: 'blocks', size: 10 }, first.ask, 2)).toBeUndefined();
  expect(first.asked).toHaveLength(8);
  const never = recordingAsk(35, () => ({ isStored: false }));
  await warmObject(BASE, 'a', { type: 'first' }, never.ask, 2);
  expect(never.asked).toHaveLength(2);
});

test('a block that fails ends the object, with its place', async () => {
  const { asked, ask } = recordingAsk(1_000_000, (offset) => (offset === 20 ? { reason: 'gone' } : {}));
  expect(await warmObject(BASE, 'a', { type: 'blocks', size: 10 }, ask, 2)).toBe('at byte 20: gone');
  expect(asked.length).toBeLessThan(10);
});

test('a server without ranges has no blocks', async () => {
  const { ask } = recordingAsk(100, () => ({ isPartial: false }));
  expect(await warmObject(BASE, 'a', { type: 'blocks', size: 10 }, ask, 2)).toMatch(/ignores ranges/);
  expect(await warmObject(BASE, 'a', { type: 'first' }, ask, 2)).toBeUndefined();
});

test.for(['', '..', 'a/../b', './a', 'a/.', 'x'.repeat(1025), 'a\0b', '\ud800'])(
  '%j is asked for nowhere',
  async (key) => {
    const { asked, ask } = recordingAsk(100);
    expect(await warmObject(BASE, key, { type: 'first' }, ask, 2)).toMatch(/no gateway serves such a key/);
    expect(asked).toEqual([]);
  },
);

test.for([
  ['a?b#c%d', 'a%3Fb%23c%25d'],
  ['ä/€', '%C3%A4/%E2%82%AC'],
  ['..a/b..', '..a/b..'],
  ['a//b', 'a//b'],
])('%j has the address %s', async ([key = '', path]) => {
  const { asked, ask } = recordingAsk(1);
  await warmObject(BASE, key, { type: 'first' }, ask, 1);
  expect(asked).toEqual([`${BASE}${path} 0`]);
});
