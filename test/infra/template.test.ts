import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { printTemplate } from '../../infra/template.ts';
import { makeFolder } from './folder.ts';
import { dig } from './json.ts';
import { synthesise } from './synthesise.ts';

/** A folder of a bundled handler, always another one. */
function makeCode(): string {
  const folder = join(makeFolder(), 'code');
  mkdirSync(folder);
  writeFileSync(join(folder, 'index.mjs'), 'export const handler = 1, streamHandler = 2;');
  return folder;
}

describe('the template of a release', () => {
  const text = printTemplate(makeCode(), 'lambda');
  const template: unknown = JSON.parse(text);

  test('is the default stack, with a folder for the code', () => {
    const own = synthesise({}).template.toJSON();
    const resources: unknown = JSON.parse(JSON.stringify(dig(own, 'Resources')), (name, value: unknown) =>
      name === 'Code' ? 'lambda' : value,
    );
    expect(dig(template, 'Resources')).toEqual(resources);
    expect(dig(template, 'Outputs')).toEqual(own['Outputs']);
  });

  test('needs no bootstrapped account', () => {
    expect(Object.keys(Object(template)).toSorted()).toEqual(['Description', 'Outputs', 'Resources']);
    expect(text).not.toMatch(/cdk-|bootstrap/i);
  });

  test('is the same from another folder, and names none', () => {
    expect(printTemplate(makeCode(), 'lambda')).toBe(text);
    expect(text).not.toContain('/tmp');
    // CloudFormation takes so much without a bucket.
    expect(Buffer.byteLength(text)).toBeLessThan(51_200);
  });
});
