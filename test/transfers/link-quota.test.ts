import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  newLink,
  reserveQuota,
  settleQuota,
  type QuotaLimits,
  type LinkRecord,
} from '../../src/transfers/link-quota.ts';
import { linkReader } from '../../src/transfers/reader-identity.ts';
import { holds } from '../property-runs.ts';

const MiB = 1024 * 1024;
const READER = linkReader('1');

/** A store of one link, and the bytes that were sent on it. */
function oneLink(quota: QuotaLimits, size?: number) {
  let record: LinkRecord = newLink(READER.name);
  let total = 0;
  return {
    total: () => total,
    /** @returns the bytes that are granted; `undefined` if the request is refused */
    reserve(id: string, bytes: number, complete = 0) {
      const request = { reader: READER, id, at: 0, quota, expires: undefined, bytes, size };
      const { record: after, reply } = reserveQuota(record, complete, request);
      record = after;
      return reply.type === 'granted' ? reply.bytes : undefined;
    },
    settle(id: string, granted: number, sent: number, isBroken: boolean) {
      total += sent;
      record = settleQuota(record, { type: 'settle', id, at: 0, reader: READER, granted, sent, isBroken });
    },
  };
}

/** Sends a response of so many bytes, as far as the link grants them. @returns the bytes that were sent */
function send(link: ReturnType<typeof oneLink>, id: string, length: number, leaveAt = Infinity): number {
  let granted = 0;
  while (granted < length) {
    const more = link.reserve(id, length - granted);
    if (more === undefined) break;
    granted += more;
  }
  const sent = Math.min(granted, leaveAt);
  if (granted > 0) link.settle(id, granted, sent, sent < length);
  return sent;
}

describe('max bytes', () => {
  test('is hard for requests one after the other', () => {
    const link = oneLink({ bytes: 10 * MiB });
    expect(send(link, 'a', 6 * MiB)).toBe(6 * MiB);
    expect(send(link, 'b', 6 * MiB)).toBe(4 * MiB);
    // The client was cut off, so it may ask once more for what lay in buffers of sockets.
    expect(send(link, 'c', 6 * MiB)).toBe(4 * MiB);
  });
  test('is never exceeded by more than 16 MiB, and 4 MiB for each of 16 broken responses, whatever clients do', () => {
    const step = fc.record({
      id: fc.integer({ min: 0, max: 70 }),
      bytes: fc.oneof(fc.integer({ min: 1, max: 100 * MiB }), fc.integer({ min: 1, max: MiB })),
      ends: fc.boolean(),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      isBroken: fc.boolean(),
    });
    const limits = fc.integer({ min: 1, max: 300 * MiB });
    const property = fc.property(limits, fc.array(step, { maxLength: 300 }), (bytes, steps) => {
      const link = oneLink({ bytes });
      const granted = new Map<string, number>();
      let broken = 0;
      for (const { id, bytes: wanted, ends, part, isBroken } of steps) {
        const name = `p-${id}`;
        const before = granted.get(name) ?? 0;
        const more = link.reserve(name, wanted);
        if (more !== undefined) {
          if (more > 16 * MiB || more > wanted) throw new Error(`${more} bytes are granted`);
          granted.set(name, before + more);
        }
        const own = granted.get(name);
        if (!ends || own === undefined) continue;
        link.settle(name, own, Math.round(own * part), isBroken);
        if (isBroken) broken++;
        granted.delete(name);
      }
      for (const [name, own] of granted) link.settle(name, own, own, false);
      const most = bytes + 16 * MiB + Math.min(broken, 16) * 4 * MiB;
      if (link.total() > most) throw new Error(`${link.total()} bytes were sent, of ${bytes}`);
    });
    holds(property);
  });
  test('parts that several connections were sent and have not read may be asked for again', () => {
    const link = oneLink({ bytes: 8 * MiB });
    expect(link.reserve('a', MiB)).toBe(MiB);
    expect(link.reserve('b', MiB)).toBeGreaterThan(0);
    link.settle('a', MiB, MiB, false);
    link.settle('b', MiB, 7 * MiB, false);
    expect(link.reserve('c', MiB)).toBe(MiB);
  });
  test('a program with sixteen connections gets all of a file of exactly the limit', () => {
    const size = 64 * MiB;
    const link = oneLink({ bytes: size });
    const part = size / 16;
    const granted = Array.from({ length: 16 }, () => 0);
    // The first connection asks for the whole file, and is left at the end of its part.
    for (let left = true; left;) {
      left = false;
      for (const [i, own] of granted.entries()) {
        if (own >= part) continue;
        const more = link.reserve(`p-${i}`, i === 0 ? size - own : part - own);
        expect(more).toBeDefined();
        granted[i] = own + (more ?? 0);
        left = true;
      }
    }
    for (const [i, own] of granted.entries()) link.settle(`p-${i}`, own, Math.min(own, part + MiB), i === 0);
    expect(link.total()).toBeGreaterThanOrEqual(size);
  });
});

describe('max downloads', () => {
  test('a program with several connections may ask for a part again when all was sent, and not for the whole', () => {
    const link = oneLink({ downloads: 1 }, 8 * MiB);
    link.reserve('a', 4 * MiB);
    link.reserve('b', 4 * MiB);
    link.settle('a', 4 * MiB, 4 * MiB, false);
    link.settle('b', 4 * MiB, 4 * MiB, false);
    expect(link.reserve('c', MiB, 1)).toBe(MiB);
    expect(link.reserve('d', 8 * MiB, 1)).toBeUndefined();
    const alone = oneLink({ downloads: 1 }, 8 * MiB);
    alone.settle('a', alone.reserve('a', 8 * MiB) ?? 0, 8 * MiB, false);
    expect(alone.reserve('b', MiB, 1)).toBeUndefined();
  });
  test('a client that leaves out the last byte does not download for ever', () => {
    const size = 100 * MiB;
    const link = oneLink({ downloads: 2 }, size);
    let sent = 0;
    for (let i = 0; i < 10; i++) sent += send(link, `p-${i}`, size - 1);
    expect(sent).toBe(2 * size * 1.25 + 64 * MiB);
  });
  test('the size is that of the largest object that was seen', () => {
    const link = oneLink({ downloads: 1 });
    let sent = 0;
    for (let i = 0; i < 10; i++) sent += send(link, `p-${i}`, 100 * MiB);
    expect(sent).toBe(64 * MiB);
  });
  test('a complete download refuses the next request, and none that runs', () => {
    const link = oneLink({ downloads: 1 }, 100);
    expect(link.reserve('a', 10)).toBe(10);
    expect(link.reserve('b', 10, 1)).toBeUndefined();
    expect(link.reserve('a', 10, 1)).toBe(10);
  });
});
