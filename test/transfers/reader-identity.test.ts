import { describe, expect, test } from 'vitest';
import { readerIdentity, type ReaderData } from '../../src/transfers/reader-identity.ts';

const SECRET = 's'.repeat(32);
const NOVEMBER = Date.parse('2026-11-30T23:59:59Z');
const DECEMBER = Date.parse('2026-12-01T00:00:00Z');
const JANUARY = Date.parse('2027-01-01T00:00:00Z');

function data(fields: Partial<ReaderData> = {}): ReaderData {
  return { downloadId: undefined, user: undefined, client: '192.0.2.1', userAgent: 'curl', ...fields };
}

describe('a reader', () => {
  test('of a link or a user has that name, at once', () => {
    const identify = readerIdentity();
    expect(identify(data({ downloadId: 'a~1', user: 'ann' }), 0)).toEqual({
      name: 'link:a~1',
      shard: expect.any(Number),
    });
    expect(identify(data({ user: 'zoë' }), 0)).toEqual({ name: 'user:zoë', shard: expect.any(Number) });
  });
  test.each([['a\nb'], ['x'.repeat(129)], ['\ud800'], ['']])('with the odd user %j has a hash', async (user) => {
    const reader = await readerIdentity('none', SECRET)(data({ user }), 0);
    expect(reader?.name).toMatch(/^user:[\da-f]{32}$/);
  });
  test('without both has a keyed hash of address and agent', async () => {
    const name = async (fields: Partial<ReaderData>, secret = SECRET) =>
      (await readerIdentity('address-and-agent', secret)(data(fields), NOVEMBER))?.name;
    const first = await name({});
    expect(first).toMatch(/^client:[\da-f]{32}$/);
    expect(await name({})).toBe(first);
    const others = await Promise.all([
      name({ client: '192.0.2.2' }),
      name({ userAgent: 'wget' }),
      name({ userAgent: undefined }),
      name({}, 't'.repeat(32)),
    ]);
    expect(new Set([first, ...others]).size).toBe(5);
  });
  test('has another hash each month, with that of the month before, in the same shard', async () => {
    const identify = readerIdentity('address-and-agent', SECRET);
    const [november, december, january] = [
      await identify(data(), NOVEMBER),
      await identify(data(), DECEMBER),
      await identify(data(), JANUARY),
    ];
    expect(december?.name).not.toBe(november?.name);
    expect(december?.previousName).toBe(november?.name);
    expect(january?.previousName).toBe(december?.name);
    expect(new Set([november?.shard, december?.shard, january?.shard]).size).toBe(1);
  });
  test('by address alone', async () => {
    const identify = readerIdentity('address', SECRET);
    expect(await identify(data({ userAgent: 'a' }), 0)).toEqual(await identify(data({ userAgent: 'b' }), 0));
  });
  test('that can not be told from others has none', () => {
    expect(readerIdentity('none')(data(), 0)).toBeUndefined();
    expect(readerIdentity()(data({ client: undefined }), 0)).toBeUndefined();
  });
  test('is known at once the second time, and by another name to another process', async () => {
    const identify = readerIdentity();
    const first = await identify(data(), NOVEMBER);
    expect(identify(data(), NOVEMBER)).toBe(first);
    expect((await readerIdentity()(data(), NOVEMBER))?.name).not.toBe(first?.name);
  });
});
