import { expect } from 'vitest';

/**
 * Asserts that an address is answered as a gateway does: whole, by a range, by If-Range, 304 and 416.
 *
 * @param content of the object at the address
 */
export async function expectAnswers(address: string, content: Uint8Array): Promise<void> {
  const ask = async (headers: Readonly<Record<string, string>>) => {
    const response = await fetch(address, { headers });
    return { status: response.status, headers: response.headers, body: new Uint8Array(await response.arrayBuffer()) };
  };
  const whole = await ask({ 'Accept-Encoding': 'identity' });
  expect([whole.status, Buffer.compare(whole.body, content)]).toEqual([200, 0]);
  const etag = whole.headers.get('ETag') ?? '';
  expect(etag).toMatch(/^"/);

  const range = { Range: 'bytes=10-19', 'Accept-Encoding': 'identity' };
  for (const fields of [range, { ...range, 'If-Range': etag }]) {
    const part = await ask(fields);
    expect([part.status, part.headers.get('Content-Range')]).toEqual([206, `bytes 10-19/${content.length}`]);
    expect(Buffer.compare(part.body, content.subarray(10, 20))).toBe(0);
  }
  const other = await ask({ ...range, 'If-Range': '"other"' });
  expect([other.status, Buffer.compare(other.body, content)]).toEqual([200, 0]);

  expect((await ask({ 'If-None-Match': etag })).status).toBe(304);
  const beyond = await ask({ Range: `bytes=${content.length}-` });
  expect([beyond.status, beyond.headers.get('Content-Range')]).toEqual([416, `bytes */${content.length}`]);
}
