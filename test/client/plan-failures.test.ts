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

describe('a break', () => {
  const broken = () =>
    play()
      .on(received(1, partial(0, 100, 100)))
      .bytes(1, 40)
      .on({ type: 'failed', id: 1, reason: 'reset' });

  test('is continued after a pause, at the next byte, under the same tag', () => {
    expect(broken().actions).toEqual([]);
    const { actions } = broken().after(100);
    expect(actions).toEqual([
      { type: 'open', id: 2, asked: { type: 'range', start: 40, end: 100 }, validator: KEPT.validator },
    ]);
  });

  test('of a body that ends early is one', () => {
    const ended = play()
      .on(received(1, partial(0, 100, 100)))
      .bytes(1, 40)
      .on({ type: 'end', id: 1, isUnframed: false });
    expect(asked(ended.after(100).actions)).toEqual(['40-100']);
  });

  test('after the last byte is none', () => {
    const begun = play()
      .on(received(1, partial(0, 100, 100)))
      .bytes(1, 100);
    expect(begun.on({ type: 'failed', id: 1, reason: 'reset' }).plan.phase).toBe('verifying');
  });

  test.for([
    ['no validator', {}],
    ['a weak tag', { ETag: 'W/"a"' }],
  ] as const)('of a version with %s begins again at the first byte', ([, fields]) => {
    const begun = play()
      .on(received(1, partial(0, 100, 100, fields)))
      .bytes(1, 40);
    const lost = begun.on({ type: 'failed', id: 1, reason: 'reset' });
    expect([lost.plan.phase, types(lost.actions)]).toEqual(['emptying', ['empty']]);
    expect(asked(lost.on({ type: 'emptied' }).after(100).actions)).toEqual(['0-']);
  });

  test('of a version without a validator is continued if the user wants it', () => {
    const begun = play({ unsafeResume: true })
      .on(received(1, partial(0, 100, 100, {})))
      .bytes(1, 40);
    expect(asked(begun.on({ type: 'failed', id: 1, reason: 'reset' }).after(100).actions)).toEqual(['40-100']);
  });

  test('fails the download if there are too many without progress', () => {
    let one = play();
    for (let id = 1; id <= 4; id++) one = one.on({ type: 'failed', id, reason: 'refused' }).after(10_000);
    expect(one.plan.phase).toBe('failed');
    expect(one.plan.failures).toBe(4);
  });

  test('is paused for longer each time', () => {
    const first = play().on({ type: 'failed', id: 1, reason: 'refused' });
    expect(asked(first.after(99).actions)).toEqual([]);
    const second = first.after(100).on({ type: 'failed', id: 2, reason: 'refused' });
    expect(asked(second.after(199).actions)).toEqual([]);
    expect(asked(second.after(200).actions)).toEqual(['0-']);
  });
});

describe('a change', () => {
  const later = (response: ReturnType<typeof head>, onChange: 'restart' | 'fail' = 'restart') =>
    play({ onChange })
      .on(received(1, partial(0, 100, 100)))
      .bytes(1, 40)
      .on({ type: 'failed', id: 1, reason: 'reset' })
      .after(100)
      .on(received(2, response));

  test.for([
    ['412', head(412)],
    ['200', head(200, { ETag: '"b"', 'Content-Length': '100' })],
    ['206 with another tag', partial(40, 100, 100, { ETag: '"b"' })],
    ['206 with another size', partial(40, 100, 101)],
  ] as const)('told by %s begins again, and no byte of it is added', ([, response]) => {
    const changed = later(response);
    expect([changed.plan.phase, types(changed.actions)]).toEqual(['emptying', ['close', 'empty']]);
    expect(types(changed.on({ type: 'chunk', id: 2, length: 60 }).actions)).toEqual([]);
    const emptied = changed.on({ type: 'emptied' });
    expect([asked(emptied.actions), emptied.plan.written, emptied.plan.version]).toEqual([['0-'], [], undefined]);
  });

  test('fails if that is wanted', () => {
    expect(later(head(412), 'fail').actions).toMatchObject([
      { type: 'close', id: 2 },
      { type: 'fail', failure: { code: 'changed' } },
    ]);
  });

  test('that is repeated leaves one connection, since one response has one version', () => {
    const large = (tag: string) => partial(0, 100 * MIB, 100 * MIB, { ETag: tag });
    let one = play();
    for (const [id, tag] of [
      [1, '"a"'],
      [3, '"b"'],
    ] as const) {
      one = one
        .on(received(id, large(tag)))
        .bytes(id, MIB)
        .on({ type: 'failed', id, reason: 'reset' })
        .after(1_000);
      one = one.on(received(id + 1, head(412))).on({ type: 'emptied' });
    }
    one = one
      .on(received(5, large('"a"')))
      .bytes(5, MIB)
      .after(100)
      .bytes(5, MIB)
      .after(300);
    expect([one.plan.mode, one.plan.connections.length]).toEqual(['one-by-one', 1]);
  });

  test('that is repeated too often fails', () => {
    let one = later(head(412));
    for (const id of [3, 5]) {
      one = one
        .on({ type: 'emptied' })
        .on(received(id, partial(0, 100, 100)))
        .bytes(id, 40);
      one = one
        .on({ type: 'failed', id, reason: 'reset' })
        .after(1_000)
        .on(received(id + 1, head(412)));
    }
    expect(one.actions.at(-1)).toMatchObject({ type: 'fail', failure: { code: 'changed' } });
  });

  test('of a file that can only be appended to fails after its first byte', () => {
    const one = play({ isSequential: true })
      .on(received(1, partial(0, 100, 100)))
      .bytes(1, 40);
    const changed = one
      .on({ type: 'failed', id: 1, reason: 'reset' })
      .after(100)
      .on(received(2, head(412)));
    expect(changed.actions.at(-1)).toMatchObject({ type: 'fail', failure: { code: 'changed' } });
  });

  test('while bytes are being written takes none of them along', () => {
    const one = play()
      .on(received(1, partial(0, 100, 100)))
      .on({ type: 'chunk', id: 1, length: 40 });
    const changed = one
      .on({ type: 'failed', id: 1, reason: 'reset' })
      .after(100)
      .on(received(2, head(412)));
    const late = changed.on({ type: 'written', id: 1, span: { start: 0, end: 40 } });
    expect(late.on({ type: 'emptied' }).plan.written).toEqual([]);
  });
});

describe('an unusable response', () => {
  test('is asked for again, and after three of them without a range', () => {
    let one = play()
      .on(received(1, partial(0, 100, 100)))
      .bytes(1, 40)
      .on({ type: 'failed', id: 1, reason: 'reset' });
    one = one.after(100).on(received(2, head(206, TAG)));
    expect(types(one.actions)).toEqual(['close']);
    one = one
      .after(1_000)
      .on(received(3, partial(41, 100, 100)))
      .after(1_000);
    one = one.on(received(4, head(200, { ...TAG, 'Content-Length': '100' })));
    expect(types(one.actions)).toEqual(['close', 'empty']);
    one = one.on({ type: 'emptied' });
    expect(asked(one.actions)).toEqual(['whole']);
    one = one.on(received(5, head(200, { ...TAG, 'Content-Length': '100' }))).bytes(5, 100);
    expect(one.on({ type: 'end', id: 5, isUnframed: false }).plan.phase).toBe('verifying');
  });

  test('that has more bytes than its range takes back those of its range', () => {
    const one = play()
      .on(received(1, head(206, { ...TAG, 'Content-Range': 'bytes 0-99/100' })))
      .bytes(1, 100);
    const longer = one.on({ type: 'chunk', id: 1, length: 1 });
    expect([types(longer.actions), longer.plan.written]).toEqual([['close'], []]);
  });

  test('without the tag that there was leaves one connection', () => {
    const one = play()
      .on(received(1, partial(0, 100 * MIB, 100 * MIB)))
      .bytes(1, MIB);
    const broken = one.on({ type: 'failed', id: 1, reason: 'reset' }).after(100);
    const unpinned = broken.on(received(2, partial(MIB, 100 * MIB, 100 * MIB, {}))).after(1_000);
    expect([unpinned.plan.mode, unpinned.plan.connections.length]).toEqual(['one-by-one', 1]);
  });
});

describe('a busy server', () => {
  test('is asked after the time that it names', () => {
    const one = play().on(received(1, head(503, { 'Retry-After': '7' })));
    expect(asked(one.after(6_999).actions)).toEqual([]);
    expect(asked(one.after(7_000).actions)).toEqual(['0-']);
  });

  test('that names an hour fails the download', () => {
    const one = play().on(received(1, head(429, { 'Retry-After': '3600' })));
    expect(one.actions.at(-1)).toEqual({ type: 'fail', failure: { code: 'http-status', status: 429 } });
  });
});

describe('an expired address', () => {
  test('fails the download if there is no other', () => {
    expect(
      play()
        .on(received(1, head(403)))
        .actions.at(-1),
    ).toMatchObject({ failure: { status: 403 } });
  });

  test('of a redirect is given up for the first one', () => {
    const one = play()
      .on(received(1, partial(0, 100, 100)))
      .bytes(1, 40);
    const expired = one
      .on({ type: 'failed', id: 1, reason: 'reset' })
      .after(100)
      .on(received(2, head(403), true));
    expect(types(expired.actions)).toEqual(['close', 'forget-redirect']);
    expect(asked(expired.after(1_000).actions)).toEqual(['40-100']);
  });

  test('of a redirect that is refused to several connections at once is given up once, and nothing fails', () => {
    let one = play()
      .on(received(1, partial(0, 100 * MIB, 100 * MIB)))
      .bytes(1, MIB)
      .after(100)
      .bytes(1, MIB)
      .after(300);
    one = one.on({ type: 'failed', id: 1, reason: 'reset' }).after(100);
    const ids = one.plan.connections.map(({ id }) => id);
    expect(ids).toHaveLength(2);
    for (const id of ids) one = one.on(received(id, head(403), true));
    expect(one.plan.phase).toBe('transfer');
  });

  test('that is refused to several connections at once is replaced once', () => {
    let one = play({ canRefresh: true })
      .on(received(1, partial(0, 100 * MIB, 100 * MIB)))
      .bytes(1, MIB)
      .after(100);
    one = one.bytes(1, MIB).after(300).on({ type: 'failed', id: 1, reason: 'reset' }).after(100);
    const [first = 0, second = 0] = one.plan.connections.map(({ id }) => id);
    one = one
      .on(received(first, head(403)))
      .after(10)
      .on({ type: 'refreshed' })
      .on(received(second, head(403)));
    expect(second).toBeGreaterThan(0);
    expect([one.plan.phase, one.plan.refreshes]).toEqual(['transfer', 1]);
  });

  test('is replaced, and the download goes on under the same tag', () => {
    const one = play({ canRefresh: true })
      .on(received(1, partial(0, 100, 100)))
      .bytes(1, 40);
    const expired = one
      .on({ type: 'failed', id: 1, reason: 'reset' })
      .after(100)
      .on(received(2, head(410)));
    expect([types(expired.actions), asked(expired.after(1_000).actions)]).toEqual([['close', 'refresh'], []]);
    expect(opened(expired.on({ type: 'refreshed' }).actions)).toMatchObject([{ validator: KEPT.validator }]);
  });

  test('that is refused again and again fails the download', () => {
    let one = play({ canRefresh: true });
    for (let id = 1; id <= 3; id++) one = one.on(received(id, head(401))).on({ type: 'refreshed' });
    expect(one.on(received(4, head(401))).plan.phase).toBe('failed');
  });

  test('is no reason for a fresh one if the file does not exist', () => {
    expect(play({ canRefresh: true }).on(received(1, head(404))).plan.phase).toBe('failed');
  });
});
