import { describe, expect, test } from 'vitest';
import { parseConfig, type ConfigInput } from '../../src/config/config.ts';
import { checkConfig, type Platform } from '../../src/platform/checked-config.ts';
import { openNodeConfig } from '../../src/platform/node/open-node-config.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';

const admin = { token: 'ADMIN_TOKEN' };

describe('the setting metrics', () => {
  test.each<readonly [ConfigInput, Platform | undefined]>([
    [{}, 'node'],
    [{ metrics: 'public' }, 'node'],
    [{ metrics: 'token', admin }, 'node'],
    [{ metrics: 'off', admin }, 'lambda'],
    [{ metrics: 'analytics-engine' }, 'workers'],
    [{ metrics: 'analytics-engine' }, undefined],
  ])('%j for %s is taken', (input, platform) => {
    expect(() => checkConfig(parseConfig(input), platform)).not.toThrow();
  });

  test.each<readonly [ConfigInput, Platform | undefined, string]>([
    [{ metrics: 'token' }, undefined, 'metrics: takes admin.token too, or has to be "public"'],
    [{ metrics: 'public' }, 'workers', 'metrics: workers has "analytics-engine", "off", not "public": no isolate'],
    [{ metrics: 'public' }, 'lambda', 'metrics: lambda has "off", not "public": the log is the metric there'],
    [{ metrics: 'analytics-engine' }, 'node', 'metrics: node has "token", "public", "off", not "analytics-engine"'],
  ])('%j for %s is refused', (input, platform, message) => {
    expect(() => checkConfig(parseConfig(input), platform)).toThrow(message);
  });

  test.each<readonly [ConfigInput, boolean | undefined]>([
    [{}, undefined],
    [{ admin }, false],
    [{ metrics: 'public' }, true],
    [{ metrics: 'public', admin }, true],
    [{ metrics: 'off', admin }, undefined],
  ])('%j opens them on Node, public: %s', async (input, isPublic) => {
    const opened = await openNodeConfig(parseConfig(input), memoryStore(), {}, '', undefined, () => 'x'.repeat(32));
    expect(opened.metrics?.isPublic).toBe(isPublic);
  });

  test('a form that Node lacks is refused at its start', async () => {
    const config = parseConfig({ metrics: 'analytics-engine' });
    await expect(openNodeConfig(config, memoryStore())).rejects.toThrow('metrics: this platform knows no "analytics');
  });
});
