import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';
import { checkConfig } from '../../src/platform/checked-config.ts';
import { openNodeConfig } from '../../src/platform/node/open-node-config.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';

describe('settings of the log', () => {
  test('have defaults', () => {
    expect(parseConfig({}).log).toEqual({ client: 'address' });
  });

  test.each([
    [{ client: 'ip' }, / log\.client: takes "address", "hashed" or "none"/],
    [{ client: 'hashed', secret: 'a key and no name' }, / log\.secret: takes the name of a variable/],
    [{ key: 'LOG_KEY' }, / log\.key: no such field/],
  ])('%j is refused', (log, message) => {
    expect(() => parseConfig({ log })).toThrow(message);
  });

  test.each([
    [{ client: 'hashed' }, /^log\.secret: is missing; without it, a client has another name in each process/],
    [{ secret: 'LOG_KEY' }, /^log\.secret: has no effect with client "address"/],
  ])('%j is refused on every platform', async (log, message) => {
    const config = parseConfig({ log });
    for (const platform of ['node', 'workers', 'lambda', undefined] as const)
      expect(() => checkConfig(config, platform)).toThrow(message);
    await expect(openNodeConfig(config, memoryStore())).rejects.toThrow(message);
  });

  test('a key that is short or not set is refused, and not shown', async () => {
    const config = parseConfig({ log: { client: 'hashed', secret: 'LOG_KEY' } });
    const open = (value?: string) => openNodeConfig(config, memoryStore(), {}, '', undefined, () => value);
    await expect(open('short-key')).rejects.toThrow(/^log\.secret: takes 32 characters at least(?!.*short-key)/);
    await expect(open()).rejects.toThrow('log.secret: LOG_KEY is to hold a token, and is not set');
    await expect(open('0123456789abcdef0123456789abcdef')).resolves.toBeDefined();
  });
});
