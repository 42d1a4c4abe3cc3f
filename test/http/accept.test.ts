import { expect, test } from 'vitest';
import { qualityOf } from '../../src/http/accept.ts';

test.each([
  [null, 1],
  ['', 0],
  ['text/html', 1],
  ['TEXT/HTML', 1],
  ['text/*', 1],
  ['*/*', 1],
  ['*/*;q=0.8', 0.8],
  ['text/html;q=0.5, */*', 0.5],
  ['text/*;q=0.3, text/html;q=0.7, */*;q=0.5', 0.7],
  ['*/*, text/html;q=0', 0],
  ['application/json', 0],
  ['text/html;level=1;q=0.4', 0.4],
  ['text/html; q=1.5', 1],
  ['text/html; q=x', 1],
  ['image/avif,image/webp,*/*;q=0.8', 0.8],
  [`${'a/b,'.repeat(1000)}text/html`, 0],
])('%j accepts text/html with quality %d', (accept, quality) => {
  expect(qualityOf(accept, 'text/html')).toBe(quality);
});
