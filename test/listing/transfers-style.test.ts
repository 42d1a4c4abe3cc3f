import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { STYLE_HASH } from '../../src/listing/style.ts';
import { TRANSFERS_POLICY, TRANSFERS_STYLE, TRANSFERS_STYLE_HASH } from '../../src/listing/transfers-style.ts';

test('the policy allows the styles of the page, and neither other scripts nor other servers', () => {
  expect(TRANSFERS_STYLE_HASH).toBe(`sha256-${createHash('sha256').update(TRANSFERS_STYLE).digest('base64')}`);
  expect(TRANSFERS_POLICY).toContain(`style-src '${STYLE_HASH}' '${TRANSFERS_STYLE_HASH}';`);
  expect(TRANSFERS_POLICY).toContain("script-src 'self'; connect-src 'self';");
  expect(TRANSFERS_POLICY).toContain("form-action 'none'");
});
