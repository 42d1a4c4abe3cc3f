/**
 * A download as a new user tries it: interrupted after 1 MB, resumed with If-Range, then a range of its end. Ends with an
 * error if the bytes are not those of the file. Plain JavaScript, since it runs on the machine's own Node.
 *
 *   node download.mjs URL FILE
 */
import { readFileSync } from 'node:fs';

const [, , url, file] = process.argv;
const expected = readFileSync(file);

const first = await fetch(url);
check('status of the first request', first.status, 200);
check('Accept-Ranges', first.headers.get('accept-ranges'), 'bytes');
check('Content-Length', first.headers.get('content-length'), String(expected.length));
let received = Buffer.alloc(0);
for await (const chunk of first.body) {
  received = Buffer.concat([received, chunk]);
  if (received.length >= 1_000_000) break;
}
if (received.length < expected.length) {
  const headers = { Range: `bytes=${received.length}-`, 'If-Range': first.headers.get('etag') };
  const rest = await fetch(url, { headers });
  check('status of the resumed request', rest.status, 206);
  const range = `bytes ${received.length}-${expected.length - 1}/${expected.length}`;
  check('Content-Range', rest.headers.get('content-range'), range);
  received = Buffer.concat([received, Buffer.from(await rest.arrayBuffer())]);
}
check('bytes of the resumed download', received.equals(expected), true);

const end = await fetch(url, { headers: { Range: 'bytes=-5' } });
check('status of a range', end.status, 206);
check('bytes of a range', Buffer.from(await end.arrayBuffer()).equals(expected.subarray(-5)), true);

function check(name, actual, wanted) {
  if (actual !== wanted) throw new Error(`${name}: expected ${wanted}, got ${actual}`);
}
