import { describe, expect, test } from 'vitest';
import type { Preconditions } from '../../../../src/http/index.ts';
import { newRequestStats } from '../../../../src/store/request-stats.ts';
import { answer, toS3Request } from '../../../faults/s3-answer.ts';
import type { StoredObject } from '../../../faults/stored-object.ts';
import { loopbackS3 } from './loopback-s3.ts';

const SIZE = 3_000_000;
const TAG = '0123456789abcdef0123456789abcdef';
const same = { opaque: TAG, weak: false };
const other = { opaque: 'other', weak: false };
const weak = (tag: typeof same) => ({ ...tag, weak: true });

const OBJECT: StoredObject = {
  current: 0,
  versions: [{ tag: TAG, lastModified: new Date('2026-01-01'), bytes: new Uint8Array(SIZE), versionId: undefined }],
};

/** Evaluates preconditions by the rules of AWS. A list of tags is compared as one tag, as Ceph does, so it matches no object. */
async function storage(reads: 'presigned' | 'commands') {
  let bodies = 0;
  const s3 = await loopbackS3(
    (req, res) => {
      const headers = new Headers();
      for (const name of ['range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']) {
        const value = req.headers[name];
        if (typeof value === 'string') headers.set(name, value);
      }
      if (headers.get('if-none-match')?.includes('W/') === true) headers.set('if-none-match', '"none"');
      const { status, fields, body } = answer(
        toS3Request(req.method ?? '', new URL(req.url ?? '', 'http://localhost'), headers),
        OBJECT,
      );
      res.writeHead(status, { ...fields, ...(status === 304 ? {} : { 'Content-Length': body.length }) });
      if (req.method === 'HEAD' || status === 304) return void res.end();
      if (status < 300) bodies++;
      res.end(body);
    },
    { reads },
  );
  return { ...s3, bodies: () => bodies, [Symbol.dispose]: () => s3[Symbol.dispose]() };
}

/** A failed precondition costs one operation and transfers no byte of the body. */
const cases: readonly (readonly [string, Preconditions, type: string, methods: string])[] = [
  ['one tag', { ifNoneMatch: [same] }, 'unmodified', 'GET'],
  ['one weak tag', { ifNoneMatch: [weak(same)] }, 'unmodified', 'GET'],
  ['two tags', { ifNoneMatch: [other, same] }, 'unmodified', 'HEAD'],
  ['two weak tags', { ifNoneMatch: [weak(same), weak(other)] }, 'unmodified', 'HEAD'],
  ['any tag', { ifNoneMatch: '*' }, 'unmodified', 'HEAD'],
  ['another tag', { ifNoneMatch: [other] }, 'open', 'GET'],
  ['another weak tag', { ifNoneMatch: [weak(other)] }, 'open', 'GET'],
  ['two other tags', { ifNoneMatch: [other, weak(other)] }, 'open', 'HEAD, GET'],
  ['no tag', { ifNoneMatch: [] }, 'open', 'GET'],
  ['a guard of the tag made weak', { ifMatch: [weak(same)] }, 'version-changed', 'HEAD'],
  ['a guard of two weak tags', { ifMatch: [weak(same), weak(other)] }, 'version-changed', 'HEAD'],
  ['a guard without a tag', { ifMatch: [] }, 'version-changed', 'HEAD'],
  ['a guard of another tag', { ifMatch: [other] }, 'version-changed', 'GET'],
  ['a guard of any tag', { ifMatch: '*' }, 'open', 'GET'],
  ['a guard and a list', { ifMatch: [same], ifNoneMatch: [other, same] }, 'unmodified', 'HEAD'],
  ['a guard that fails and a list', { ifMatch: [other], ifNoneMatch: [other, same] }, 'version-changed', 'HEAD'],
];

describe.each(['presigned', 'commands'] as const)('preconditions of %s reads', (reads) => {
  test.each(cases)('%s', async (_, conditions, type, methods) => {
    using s3 = await storage(reads);
    for (const range of [undefined, { form: 'from', start: 7 }] as const) {
      s3.asked.splice(0);
      const stats = newRequestStats();
      const result = await s3.store.read('key', { conditions, range, stats });
      expect(result.type).toBe(type);
      expect(s3.asked.map(({ method }) => method).join(', ')).toBe(methods);
      expect(stats.operations).toBe(s3.asked.length);
      if (result.type === 'open') await result.body.cancel();
      else expect(s3.bodies()).toBe(0);
    }
  });
});
