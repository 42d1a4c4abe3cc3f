import { SELF } from 'cloudflare:test';
import { expect, test } from 'vitest';

test.each(['health', 'ready'])('the Worker over R2 answers /.rangeway/%s, to HEAD too', async (name) => {
  const url = `https://files.example.com/.rangeway/${name}`;
  const responses = await Promise.all(Array.from({ length: 5 }, () => SELF.fetch(url)));
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  const head = await SELF.fetch(url, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});
