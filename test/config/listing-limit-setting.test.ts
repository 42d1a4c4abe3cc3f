import { describe, expect, test } from 'vitest';
import { checkConfig, parseConfig } from '../../src/platform/checked-config.ts';

const check = (listingLimit: number, platform: 'node' | 'workers' | 'lambda', listing: 'html' | false = 'html') =>
  checkConfig(parseConfig({ listing, listingLimit }), platform);

describe('listingLimit', () => {
  test.each([
    ['node', 50_000],
    ['workers', 10_000],
    ['lambda', 5_000],
  ] as const)('on %s is %i at the most', (platform, most) => {
    check(most, platform);
    expect(() => check(most + 1, platform)).toThrow(`${most}`);
  });

  test('without listing has no effect', () => {
    expect(() => check(10, 'node', false)).toThrow('listingLimit: has no effect without listing');
  });

  test('takes no fewer than 1 entry', () => {
    expect(() => check(0, 'node')).toThrow('takes a whole number from 1 to 50000 (entries)');
  });
});
