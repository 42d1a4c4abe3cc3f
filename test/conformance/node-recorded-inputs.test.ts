import { afterAll, expect, test } from 'vitest';
import {
  allOf,
  anyOf,
  basicAccess,
  ipAccess,
  refererAccess,
  signedAccess,
  type AccessRule,
} from '../../src/access/index.ts';
import { jwtAccess } from '../../src/access/jwt.ts';
import { ANSWER_FIELDS, ANSWER_PARAMETERS } from '../../src/http/answer-inputs.ts';
import { createGateway } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { KEYS } from '../access/links.ts';
import { describeConformance } from './describe.ts';
import { memoryWithFixtures } from './memory-fixtures.ts';
import { recordQueries, withRecordedFields } from './recorded-inputs.ts';
import { signer } from './signed.ts';

const fields = new Set<string>();
const parameters = new Set<string>();
const stopRecording = recordQueries(parameters);
const observers = [{ end: () => undefined }];

const start = async () => {
  const gateway = createGateway({ store: await memoryWithFixtures(), access: signedAccess(KEYS), observers });
  const server = await serve(
    // Without `head`, which has the fields as they were before they were wrapped.
    { fetch: (request, env) => gateway.fetch(withRecordedFields(request, fields), { ...env, head: undefined }) },
    { port: 0 },
  );
  return { url: server.url, stop: () => server.stop(1000) };
};

describeConformance('Node over memory, with the parts of requests recorded,', start, { sign: await signer() });

const issuer = { issuer: 'https://issuer.example/', audience: 'downloads' };
const RULES: Readonly<Record<string, AccessRule>> = {
  referer: refererAccess({ origins: ['https://page.example'], missing: 'allow' }),
  ip: ipAccess(['192.0.2.0/24']),
  basic: basicAccess({ users: [{ name: 'ci', password: 'replace-me' }] }),
  jwt: jwtAccess({ key: { type: 'secret', secret: 'a'.repeat(64) }, ...issuer }),
  both: allOf(anyOf(ipAccess(['192.0.2.0/24']), signedAccess(KEYS)), signedAccess(KEYS)),
};

test.each(Object.entries(RULES))('the rule %s, CORS for some origins, and purges', async (_, access) => {
  const cors = { origins: ['https://page.example'] };
  const purge = { token: 'a'.repeat(32) };
  const store = memoryStore();
  await store.put('a/c', new Uint8Array(1));
  const mounts = [
    { host: 'files.example', store, listing: 'html', access, cors } as const,
    { path: '/pages', store, listing: 'html' } as const,
  ];
  const gateway = createGateway({ mounts, observers, purge });
  const headers = { Origin: 'https://page.example', 'Access-Control-Request-Method': 'GET' };
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'PURGE', 'POST']) {
    const request = new Request('https://files.example/a/b?x=1&rgw-new=1&download', { method, headers });
    await gateway.fetch(withRecordedFields(request, fields));
    const folder = new Request('https://files.example/pages/a/?sort=size&x=1', { method, headers });
    await gateway.fetch(withRecordedFields(folder, fields));
  }
});

afterAll(() => {
  stopRecording();
  const listed = new Set(Object.keys(ANSWER_FIELDS).map((name) => name.toLowerCase()));
  expect([...fields].filter((name) => !listed.has(name))).toEqual([]);
  expect([...parameters].filter((name) => !Object.hasOwn(ANSWER_PARAMETERS, name))).toEqual([]);
  // The record has the fields of every request, and those of the rules.
  const read = ['accept', 'host', 'range', 'if-range', 'if-match', 'origin', 'referer', 'authorization', 'traceparent'];
  expect([...fields]).toEqual(expect.arrayContaining(read));
  expect([...parameters]).toContain('download');
});
