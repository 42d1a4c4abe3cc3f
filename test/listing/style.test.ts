import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { PAGE_POLICY, STYLE, STYLE_HASH } from '../../src/listing/style.ts';

test('the policy of pages allows exactly their style', () => {
  expect(STYLE_HASH).toBe(`sha256-${createHash('sha256').update(STYLE).digest('base64')}`);
  expect(PAGE_POLICY).toContain(`style-src '${STYLE_HASH}'`);
  expect(STYLE).not.toMatch(/[<>]/);
});
