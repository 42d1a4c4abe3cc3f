import { describe, expect, test } from 'vitest';
import { parseConfig, type ConfigInput } from '../../src/config/config.ts';
import { checkConfig, type Platform } from '../../src/platform/checked-config.ts';

const admin = { token: 'ADMIN_TOKEN' };
const secret = 'TRANSFERS_SECRET';

describe('settings of transfers', () => {
  test('have defaults', () => {
    expect(parseConfig({ admin, transfers: {} }).transfers).toEqual({
      identity: 'address-and-agent',
      retention: 30,
    });
  });
  const refused: readonly (readonly [input: ConfigInput, platform: Platform | undefined, message: RegExp])[] = [
    [{ transfers: {} }, undefined, /^transfers: takes admin\.token too/],
    [{ admin, purge: { token: 'OTHER' } }, undefined, /^purge: has no effect beside admin/],
    [{ admin, transfers: { shards: 2 } }, 'node', /^transfers\.shards: has no effect; the store is "sqlite"/],
    [{ admin, transfers: { store: { type: 'memory' }, shards: 2 } }, undefined, /^transfers\.shards: has no effect/],
    [{ admin, transfers: {} }, 'workers', /^transfers\.secret: is missing/],
    [{ admin, transfers: { identity: 'none', secret } }, 'node', /^transfers\.secret: has no effect with identity/],
    [{ admin, transfers: { store: { type: 'sqlite' }, secret } }, 'workers', /transfers\.store\.type: workers has/],
    [{ admin, transfers: { store: { type: 'durable-object' }, secret } }, 'lambda', /lambda has "memory", not/],
    [{ mounts: [{}, { path: '/a', transfers: 'exact' }] }, undefined, /^mounts\.1\.transfers: has no effect without/],
    [
      { admin, transfers: {}, mounts: [{ transfers: 'exact' }] },
      'node',
      /^transfers: has no effect here; only Workers/,
    ],
  ];
  test.each(refused)('%j for %s is refused', (input, platform, message) => {
    expect(() => checkConfig(parseConfig(input), platform)).toThrow(message);
  });
  const valid: readonly (readonly [input: ConfigInput, platform: Platform])[] = [
    [{ admin, transfers: {} }, 'node'],
    [{ admin, transfers: { secret, shards: 32 } }, 'workers'],
    [{ admin, transfers: { identity: 'none' } }, 'workers'],
    [{ admin, transfers: { store: { type: 'memory' } } }, 'lambda'],
    [{ admin }, 'node'],
    [{ admin, transfers: { secret }, mounts: [{ transfers: 'exact' }] }, 'workers'],
  ];
  test.each(valid)('%j for %s is taken', (input, platform) => {
    expect(() => checkConfig(parseConfig(input), platform)).not.toThrow();
  });
  test.each([
    [{ retention: 0 }, 'retention: takes a whole number from 1 to 3650'],
    [{ shards: 33 }, 'shards: takes a whole number from 1 to 32'],
    [{ identity: 'cookie' }, 'identity: takes "address-and-agent", "address" or "none"'],
    [{ store: { type: 'redis' } }, 'takes a table whose type is "memory", "sqlite" or "durable-object"'],
    [{ secret: 'not a name but the secret' }, 'secret: takes the name of a variable'],
  ])('%j is refused', (transfers, message) => {
    const parse = () => parseConfig({ admin, transfers });
    expect(parse).toThrow(message);
    expect(parse).not.toThrow('not a name but the secret');
  });
});
