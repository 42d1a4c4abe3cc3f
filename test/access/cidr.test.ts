import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isInCidr, parseCidr } from '../../src/access/cidr.ts';
import { holds } from '../property-runs.ts';

function contains(block: string, address: string): boolean {
  const parsed = parseCidr(block);
  if (parsed === undefined) throw new Error(`${block} is no block`);
  return isInCidr(address, parsed);
}

describe('isInCidr', () => {
  const rows: readonly (readonly [block: string, address: string, expected: boolean])[] = [
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.7', '203.0.113.8', false],
    ['203.0.113.0/24', '203.0.113.255', true],
    ['203.0.113.0/24', '203.0.114.0', false],
    ['203.0.113.9/24', '203.0.113.1', true],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '::1', false],
    ['0.0.0.0/0', '::ffff:1.2.3.4', true],
    ['::/0', '1.2.3.4', false],
    ['::/0', '2001:db8::1', true],
    ['2001:db8::/32', '2001:DB8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['2001:db8::/127', '2001:db8::1', true],
    ['2001:db8::/127', '2001:db8::2', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:a01:203', true],
    ['10.0.0.0/8', '::10.1.2.3', false],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.1.2.3', false],
    ['::ffff:0:0/96', '11.1.2.3', true],
    ['::ffff:0:0/95', '11.1.2.3', false],
    ['::ffff:0:0/95', '::fffe:1:2', true],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8', true],
    ['::', '0:0:0:0:0:0:0:0', true],
    ['1::', '1:0:0:0:0:0:0:0', true],
  ];
  test.for(rows)('%s, %s: %s', ([block, address, expected]) => {
    expect(contains(block, address)).toBe(expected);
  });
  test.for(['', 'localhost', '10.0.0.1 ', '10.0.0', '010.0.0.1', '10.0.0.1/8', 'fe80::1%eth0', `::${'0'.repeat(60)}`])(
    'no block contains %o',
    (address) => {
      expect(contains('0.0.0.0/0', address) || contains('::/0', address)).toBe(false);
    },
  );
});

test.for([
  '',
  '/',
  '/8',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4/33',
  '1.2.3.4/-1',
  '1.2.3.4/08',
  '1.2.3.4/',
  '1.2.3.4/8/8',
  ' 1.2.3.4',
  '1.2.3.4\n',
  '0x1.2.3.4',
  '1.2.3.4/1e1',
  ':',
  ':::',
  '::1::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8',
  '12345::',
  'g::',
  '::1.2.3',
  '1.2.3.4::',
  '::/129',
  '::1%1',
  '[::1]',
  ':1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:',
  '１.2.3.4',
  'a'.repeat(100_000),
  '1:'.repeat(50_000),
])('%.20s is not a block', (text) => {
  expect(parseCidr(text)).toBeUndefined();
});

/** The result of Node's BlockList, for addresses that are not IPv4-mapped. */
function containsByNode(block: string, prefix: number, address: string): boolean {
  const family = (text: string) => (isIP(text) === 4 ? 'ipv4' : 'ipv6');
  const list = new BlockList();
  list.addSubnet(block, prefix, family(block));
  return list.check(address, family(address));
}

describe('agrees with Node on which addresses are in a block', () => {
  const mapped = (address: string) => `::ffff:${address}`;
  test('of IPv4', () => {
    holds(
      fc.property(fc.ipV4(), fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(32), (block, address, prefix) => {
        expect(contains(`${block}/${prefix}`, address)).toBe(containsByNode(block, prefix, address));
      }),
    );
  });
  test('of IPv6', () => {
    holds(
      fc.property(fc.ipV6(), fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(128), (block, address, prefix) => {
        const expected = isIP(address) === 6 && containsByNode(block, prefix, address);
        expect(contains(`${block}/${prefix}`, address)).toBe(expected);
      }),
    );
  });
  test('of IPv4 that is written as IPv6, on either side', () => {
    holds(
      fc.property(fc.ipV4(), fc.ipV4(), fc.nat(32), (block, address, prefix) => {
        const expected = containsByNode(block, prefix, address);
        expect(contains(`${block}/${prefix}`, mapped(address))).toBe(expected);
        expect(contains(`${mapped(block)}/${prefix + 96}`, address)).toBe(expected);
      }),
    );
  });
});

test('a block contains exactly the addresses that differ only in its free bits', () => {
  holds(
    fc.property(fc.bigInt(0n, 2n ** 128n - 1n), fc.nat(128), fc.nat(127), (bits, prefix, bit) => {
      const print = (value: bigint) => (value.toString(16).padStart(32, '0').match(/.{4}/g) ?? []).join(':');
      // Mapped addresses count as IPv4, and have rows of their own above.
      fc.pre(bits >> 48n !== 0n && (bits ^ (1n << BigInt(bit))) >> 48n !== 0n);
      const changed = bits ^ (1n << BigInt(bit));
      expect(contains(`${print(bits)}/${prefix}`, print(changed))).toBe(bit < 128 - prefix);
    }),
  );
});

test('parsing any text as a block never throws', () => {
  holds(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcfF.:/%- '.split('')), maxLength: 30 }), (text) => {
      const isCidr = parseCidr(text) !== undefined;
      const [address = '', prefix, ...more] = text.split('/');
      const width = isIP(address) === 4 ? 32 : 128;
      const isPrefix = prefix === undefined || (/^(?:0|[1-9]\d*)$/.test(prefix) && Number(prefix) <= width);
      expect(isCidr).toBe(isIP(address) !== 0 && !address.includes('%') && isPrefix && more.length === 0);
    }),
  );
});
