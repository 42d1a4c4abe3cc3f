import { describe, expect, test } from 'vitest';
import type { Action } from '../../src/client/plan-types.ts';
import type { Version } from '../../src/client/verdict.ts';
import { head, partial, play, received, TAG } from './heads.ts';

const types = (actions: readonly Action[]) => actions.map(({ type }) => type);
const opened = (actions: readonly Action[]) => actions.flatMap((one) => (one.type === 'open' ? [one] : []));
const asked = (actions: readonly Action[]) =>
  opened(actions).map((one) => (one.asked.type === 'whole' ? 'whole' : `${one.asked.start}-${one.asked.end ?? ''}`));

const MIB = 1024 * 1024;
const KEPT: Version & { size: number } = {
  size: 100,
  validator: { type: 'tag', tag: { weak: false, opaque: 'a' } },
  isCoded: false,
  digests: [],
};

describe('the first request', () => {
  test('asks for all bytes, without a condition', () => {
    const { actions } = play();
    expect(actions).toEqual([
      { type: 'open', id: 1, asked: { type: 'range', start: 0, end: undefined }, validator: { type: 'none' } },
    ]);
  });

  test('brings the file, which is then verified and finished', () => {
    const begun = play()
      .on(received(1, partial(0, 100, 100)))
      .bytes(1, 100);
    expect(begun.plan.phase).toBe('transfer');
    const ended = begun.on({ type: 'end', id: 1, isUnframed: false });
    expect([ended.plan.phase, ended.actions]).toEqual(['verifying', [{ type: 'verify' }]]);
    const verified = ended.on({ type: 'verified', bad: [] });
    expect([verified.plan.phase, verified.actions]).toEqual(['finishing', [{ type: 'finish' }]]);
    expect(verified.on({ type: 'finished' }).plan.phase).toBe('done');
  });

  test('is not finished before the last byte is written', () => {
    const written = play()
      .on(received(1, partial(0, 100, 100)))
      .on({ type: 'chunk', id: 1, length: 100 });
    const ended = written.on({ type: 'end', id: 1, isUnframed: false });
    expect(ended.plan.phase).toBe('transfer');
    expect(ended.on({ type: 'written', id: 1, span: { start: 0, end: 100 } }).plan.phase).toBe('verifying');
  });

  test('finds an empty file', () => {
    const { plan, actions } = play().on(received(1, head(416, { 'Content-Range': 'bytes */0' })));
    expect([plan.phase, types(actions)]).toEqual(['verifying', ['close', 'verify']]);
  });

  test('brings a body without a length', () => {
    const begun = play()
      .on(received(1, head(200)))
      .bytes(1, 70)
      .bytes(1, 7);
    expect(begun.on({ type: 'end', id: 1, isUnframed: false }).plan).toMatchObject({
      phase: 'verifying',
      version: { size: 77 },
    });
  });

  test('fails if the end of the body may be a break', () => {
    const begun = play()
      .on(received(1, head(200)))
      .bytes(1, 70);
    const ended = begun.on({ type: 'end', id: 1, isUnframed: true });
    expect(ended.actions).toMatchObject([{ type: 'close' }, { type: 'fail', failure: { code: 'unusable-response' } }]);
    const accepting = play({ acceptsUnframed: true })
      .on(received(1, head(200)))
      .bytes(1, 70);
    expect(accepting.on({ type: 'end', id: 1, isUnframed: true }).plan.phase).toBe('verifying');
  });
});

describe('connections', () => {
  /** One that receives a MiB in 100 ms, so that there is more than enough left to split. */
  const begun = () =>
    play()
      .on(received(1, partial(0, 100 * MIB, 100 * MIB)))
      .bytes(1, MIB)
      .after(100)
      .bytes(1, MIB)
      .after(300);

  test('are added while the rate grows, and take half of what is left', () => {
    const { plan, actions } = begun();
    expect(plan.growth.target).toBe(2);
    expect(asked(actions)).toEqual([`${51 * MIB}-${100 * MIB}`]);
    expect(plan.connections.map(({ position, end }) => [position, end])).toEqual([
      [2 * MIB, 51 * MIB],
      [51 * MIB, 100 * MIB],
    ]);
  });

  test('that was split is closed at the split, and its last chunk is cut there', () => {
    const one = begun().on(received(2, partial(51 * MIB, 100 * MIB, 100 * MIB)));
    const { actions, plan } = one.bytes(1, 60 * MIB);
    expect(actions[0]).toEqual({ type: 'write', id: 1, span: { start: 2 * MIB, end: 51 * MIB } });
    expect(actions[1]).toEqual({ type: 'close', id: 1 });
    expect(plan.written).toEqual([{ start: 0, end: 51 * MIB }]);
  });

  test('that do not help are given back', () => {
    let one = begun().on(received(2, partial(51 * MIB, 100 * MIB, 100 * MIB)));
    for (let i = 0; i < 12; i++) one = one.bytes(i % 2 === 0 ? 1 : 2, 1_000).after(100 * (i + 4));
    expect(one.plan.connections.map(({ id }) => id)).toEqual([1]);
    expect(one.plan.growth.target).toBe(1);
  });

  test('are one for a version without a strong validator', () => {
    const one = play()
      .on(received(1, partial(0, 100 * MIB, 100 * MIB, {})))
      .bytes(1, MIB)
      .after(100);
    expect(one.bytes(1, MIB).after(300).plan.connections).toHaveLength(1);
  });

  test('are one if the server ignores ranges', () => {
    const whole = head(200, { ...TAG, 'Content-Length': `${100 * MIB}` });
    const one = play().on(received(1, whole)).bytes(1, MIB).after(100).bytes(1, MIB).after(300);
    expect(one.plan.connections).toHaveLength(1);
  });

  test.for([
    ['429', head(429)],
    ['503', head(503)],
  ] as const)('are fewer after %s', ([, response]) => {
    const one = begun().on(received(2, response));
    expect([one.plan.growth.target, one.plan.connections.map(({ end }) => end)]).toEqual([1, [100 * MIB]]);
  });

  test('are fewer if one more is refused while others receive', () => {
    const one = begun().on({ type: 'failed', id: 2, reason: 'reset' });
    expect(one.plan.growth.target).toBe(1);
  });

  test('that hang are replaced while others receive', () => {
    let one = begun().on(received(2, partial(51 * MIB, 100 * MIB, 100 * MIB)));
    for (let i = 1; i <= 25; i++) one = one.bytes(1, MIB).after(300 + 100 * i);
    expect(one.plan.connections.some(({ id }) => id === 2)).toBe(false);
    expect(one.plan.failures).toBe(0);
  });

  test('that are not answered while others receive are one too many, and are not repeated at once', () => {
    let one = begun();
    for (let i = 1; i <= 50; i++) one = one.bytes(1, 100_000).after(100);
    expect([one.plan.growth.target, one.plan.connections.map(({ id }) => id)]).toEqual([1, [1]]);
    expect(one.plan.nextId).toBe(3);
  });

  test('that bring nothing for the stall timeout have failed', () => {
    const one = play()
      .on(received(1, partial(0, 100, 100)))
      .bytes(1, 40)
      .after(30_001);
    expect(types(one.actions)).toEqual(['close']);
    expect(asked(one.after(30_101).actions)).toEqual(['40-100']);
  });

  test('are not stalled while their bytes are being written', () => {
    const one = play()
      .on(received(1, partial(0, 100, 100)))
      .on({ type: 'chunk', id: 1, length: 40 })
      .after(60_000);
    expect(one.plan.connections).toHaveLength(1);
  });
});

describe('an earlier run', () => {
  test('is continued in its gaps, under its tag', () => {
    const written = [
      { start: 0, end: 10 },
      { start: 20, end: 100 },
    ];
    expect(play({}, { version: KEPT, written }).actions).toEqual([
      { type: 'open', id: 1, asked: { type: 'range', start: 10, end: 20 }, validator: KEPT.validator },
    ]);
  });

  test('that has brought all bytes is verified', () => {
    expect(types(play({}, { version: KEPT, written: [{ start: 0, end: 100 }] }).actions)).toEqual(['verify']);
  });

  test('that is found with the first response keeps its bytes', () => {
    const first = (start: number, end: number) =>
      play().on({
        type: 'head',
        id: 1,
        head: partial(0, 100, 100),
        isReused: false,
        restored: [{ start, end }],
      });
    expect([types(first(0, 10).actions), asked(first(0, 10).actions)]).toEqual([['close', 'open'], ['10-100']]);
    expect(first(10, 100).plan.connections).toMatchObject([{ id: 1, position: 0, end: 10 }]);
  });
});

describe('a pause', () => {
  test('closes all connections, and goes on where they were', () => {
    const paused = play()
      .on(received(1, partial(0, 100, 100)))
      .bytes(1, 40)
      .on({ type: 'pause' });
    expect([paused.plan.phase, types(paused.actions)]).toEqual(['paused', ['close']]);
    expect(asked(paused.on({ type: 'resume' }).actions)).toEqual(['40-100']);
  });

  test('of a version without a validator begins again', () => {
    const paused = play()
      .on(received(1, partial(0, 100, 100, {})))
      .bytes(1, 40)
      .on({ type: 'pause' });
    expect(types(paused.on({ type: 'resume' }).actions)).toEqual(['empty']);
  });

  test('begins again while the only bytes are on their way to the disk', () => {
    const paused = play()
      .on(received(1, partial(0, 100, 100, {})))
      .on({ type: 'chunk', id: 1, length: 40 })
      .on({ type: 'pause' });
    expect(types(paused.on({ type: 'resume' }).actions)).toEqual(['empty']);
  });
});

describe('verification', () => {
  const verifying = () =>
    play()
      .on(received(1, partial(0, 100, 100)))
      .bytes(1, 100)
      .on({ type: 'end', id: 1, isUnframed: false });

  test('has bad pieces fetched again, and no others', () => {
    const repaired = verifying().on({ type: 'verified', bad: [{ start: 30, end: 40 }] });
    expect(asked(repaired.actions)).toEqual(['30-40']);
  });

  test('fails if they stay bad', () => {
    let one = verifying();
    for (let id = 2; id <= 4; id++) {
      one = one.on({ type: 'verified', bad: [{ start: 30, end: 40 }] });
      one = one
        .on(received(id, partial(30, 40, 100)))
        .bytes(id, 10)
        .on({ type: 'end', id, isUnframed: false });
    }
    const failed = one.on({ type: 'verified', bad: [{ start: 30, end: 40 }] });
    expect(failed.actions).toMatchObject([{ type: 'fail', failure: { code: 'digest-mismatch' } }]);
  });
});

test('a failure closes all connections, and nothing happens after it', () => {
  const failed = play().on({ type: 'stop', failure: { code: 'aborted' } });
  expect(types(failed.actions)).toEqual(['close', 'fail']);
  expect(types(failed.on(received(1, partial(0, 100, 100))).after(1_000).actions)).toEqual([]);
});

describe('bytes with a wrong digest', () => {
  const twoThirds = () =>
    play()
      .on(received(1, partial(0, 90, 90)))
      .bytes(1, 60);
  const corrupt = { type: 'corrupt', span: { start: 10, end: 20 } } as const;

  test('are missing again, while the others come', () => {
    const { plan } = twoThirds().on(corrupt);
    expect(plan.written).toEqual([
      { start: 0, end: 10 },
      { start: 20, end: 60 },
    ]);
    const end = twoThirds().on(corrupt).bytes(1, 30).on({ type: 'end', id: 1, isUnframed: false });
    expect(asked(end.actions)).toEqual(['10-20']);
    expect(end.plan.phase).toBe('transfer');
  });

  test('are missing after a pause too', () => {
    const { actions } = twoThirds().on({ type: 'pause' }).on(corrupt).on({ type: 'resume' });
    expect(asked(actions)).toEqual(['10-20']);
  });

  test('stay until the end where they can not be fetched again', () => {
    expect(
      twoThirds()
        .on({ type: 'stop', failure: { code: 'aborted' } })
        .on(corrupt).plan.written,
    ).toHaveLength(1);
    const untagged = play()
      .on(received(1, partial(0, 90, 90, {})))
      .bytes(1, 60)
      .on(corrupt);
    expect(untagged.plan.written).toEqual([{ start: 0, end: 60 }]);
  });
});
