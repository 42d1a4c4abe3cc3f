import { describe, expect, test } from 'vitest';
import { cacheControlError } from '../../src/config/cache-control-setting.ts';
import { parseConfig } from '../../src/config/config.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';

describe('a Cache-Control value is accepted', () => {
  test.each([
    'public, max-age=3600',
    'MAX-AGE=60',
    ' public ',
    'must-revalidate,max-age=1',
    'max-age=31536000, immutable',
    'no-cache="a, b", max-age=3',
    // Names of fields make private about these fields alone (RFC 9111 §5.2.2.7).
    'private="set-cookie", s-maxage=60',
    'public, community="UCI, \\"x\\""',
    'no-transformation, public',
    // As many frameworks write it.
    'no-cache, no-store, must-revalidate, private, max-age=0, proxy-revalidate',
    // Caches that know the status ignore no-store here (RFC 9111 §5.2.2.3).
    'must-understand, no-store, max-age=60',
    'max-age=60, stale-while-revalidate=30, stale-if-error=86400',
  ])('%s', (value) => {
    expect(cacheControlError(value)).toBeUndefined();
    expect(() => parseConfig({ cacheControl: value })).not.toThrow();
  });
});

const rows: readonly (readonly [value: string, message: RegExp])[] = [
  ['max-age=1h', /^takes max-age in whole seconds, such as max-age=3600$/],
  ['max-age', /takes max-age in whole seconds/],
  ['max-age="3600"', /takes max-age in whole seconds/],
  ['max-age=-1', /takes max-age in whole seconds/],
  ['s-maxage=1.5', /takes s-maxage in whole seconds/],
  ['max-age=1, stale-while-revalidate', /takes stale-while-revalidate in whole seconds/],
  ['maxage=3600', /^takes max-age in place of maxage$/],
  ['public, max_age=1', /takes max-age in place of max_age/],
  ['s-max-age=60', /takes s-maxage in place of s-max-age/],
  ['nocache', /takes no-cache in place of nocache/],
  ['pubic', /takes public in place of pubic/],
  ['public=1', /takes public without a value/],
  ['private=x', /takes private alone, or with field names in quotes/],
  ['private=""', /takes private alone/],
  ['max-stale=3', /takes no max-stale, which is for requests/],
  ['max-age=1, max-age=2', /takes max-age once/],
  ['public, private', /takes public or private/],
  ['private, s-maxage=1', /takes s-maxage or private/],
  ['no-store, max-age=60', /takes max-age or no-store/],
  ['no-store, public', /takes public or no-store/],
  ...[
    'public; max-age=1',
    'public max-age=1',
    'max-age = 3',
    'public,',
    ',public',
    'public,,max-age=1',
    'Cache-Control: public',
    'public, x="a',
    'banana',
    '3600',
    'community="UCI"',
    '',
  ].map((value) => [value, /^takes directives that caches know, with commas between, such as "public/] as const),
];

describe('a value that is no Cache-Control is refused at start, in a configuration and in code', () => {
  test.for(rows)('%s', ([value, message]) => {
    expect(cacheControlError(value)).toMatch(message);
    const refused = expect.objectContaining({
      name: 'SettingsError',
      message: expect.stringContaining('cacheControl: '),
    });
    expect(() => parseConfig({ cacheControl: value })).toThrow(refused);
    expect(() => parseConfig({ mounts: [{}, { path: '/a', cacheControl: value }] })).toThrow(
      /mounts\.1\.cacheControl: /,
    );
    expect(() => createGateway({ store: memoryStore(), cacheControl: value })).toThrow(refused);
    expect(() => createGateway({ cacheControl: value, mounts: [{ store: memoryStore() }] })).toThrow(refused);
  });
});
