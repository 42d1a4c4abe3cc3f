import { describe, expect, test } from 'vitest';
import { cloudfrontPurge } from '../../../src/cli/cdn/cloudfront.ts';
import { signRequest } from '../../../src/platform/lambda/signature.ts';
import { recordedPause, serveApi, type Received, type Reply } from './api-server.ts';

const ENV = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const ID = 'EDFDVBD6EXAMPLE';
const XMLNS = 'xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"';

function invalidation(status: string, id = 'I2J0I21PCUYOIK'): string {
  return `<?xml version="1.0"?>\n<Invalidation ${XMLNS}><Id>${id}</Id><Status>${status}</Status><CreateTime>2026-11-29T11:00:00.000Z</CreateTime><InvalidationBatch><Paths><Quantity>1</Quantity><Items><Path>/a</Path></Items></Paths><CallerReference>x</CallerReference></InvalidationBatch></Invalidation>`;
}

function failure(status: number, code: string): Reply {
  return {
    status,
    body: `<?xml version="1.0"?>\n<ErrorResponse ${XMLNS}><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
  };
}

/** Answers as CloudFront does: an invalidation is completed after some questions. */
function service(questions: number) {
  let left = questions;
  return ({ method }: Received): Reply => {
    if (method === 'POST') return { status: 201, body: invalidation(questions === 0 ? 'Completed' : 'InProgress') };
    left--;
    return { status: 200, body: invalidation(left > 0 ? 'InProgress' : 'Completed') };
  };
}

async function purge(reply: Parameters<typeof serveApi>[0], addresses: readonly string[] = ['/a', '/a?download']) {
  await using api = await serveApi(reply);
  const { pauses, wait } = recordedPause();
  const said: string[] = [];
  const env = { ...ENV, AWS_SESSION_TOKEN: 'session', AWS_ENDPOINT_URL_CLOUDFRONT: api.url };
  const urls = addresses.map((path) => new URL(path, 'https://files.example.com'));
  const result = await cloudfrontPurge(ID, env, (text) => said.push(text), wait).addresses(urls);
  return { result, said, pauses, received: [...api.received], host: new URL(api.url).host };
}

describe('an invalidation of CloudFront', () => {
  test('sends the paths with a signature, and waits until it is completed', async () => {
    const { result, received, said, pauses, host } = await purge(service(4), ['/a', '/a?download', '/%C3%BC%26<&>']);
    expect(result).toEqual({ done: 'CloudFront has invalidated 3 paths' });
    const [post, ...questions] = received;
    expect(post).toMatchObject({ method: 'POST', path: `/2020-05-31/distribution/${ID}/invalidation` });
    expect(post?.body.replace(/rangeway-[\da-f-]{36}/, 'ID')).toBe(
      `<?xml version="1.0" encoding="UTF-8"?><InvalidationBatch ${XMLNS}><Paths><Quantity>3</Quantity><Items>` +
        '<Path>/a</Path><Path>/a?download</Path><Path>/%C3%BC%26%3C&amp;%3E</Path></Items></Paths>' +
        '<CallerReference>ID</CallerReference></InvalidationBatch>',
    );
    expect(questions.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array<string>(4).fill(`GET /2020-05-31/distribution/${ID}/invalidation/I2J0I21PCUYOIK`),
    );
    expect(pauses).toEqual([5_000, 5_000, 5_000, 5_000]);
    expect(said).toEqual(['CloudFront invalidates 3 paths (I2J0I21PCUYOIK)', 'I2J0I21PCUYOIK: InProgress, for 15 s']);
    for (const { method, path, headers, body } of received) {
      const time = String(headers['x-amz-date']).replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z');
      const fields: Record<string, string> = method === 'POST' ? { 'content-type': 'text/xml' } : {};
      const wanted = signRequest(
        {
          method: method === 'POST' ? 'POST' : 'GET',
          path,
          host,
          region: 'us-east-1',
          service: 'cloudfront',
          fields,
          body,
        },
        { accessKeyId: ENV.AWS_ACCESS_KEY_ID, secretAccessKey: ENV.AWS_SECRET_ACCESS_KEY, sessionToken: 'session' },
        new Date(time),
      );
      expect(headers).toMatchObject(wanted);
    }
  });

  test('is completed at once', async () => {
    const { result, pauses } = await purge(service(0));
    expect([result, pauses]).toEqual([{ done: 'CloudFront has invalidated 2 paths' }, []]);
  });

  test('has 3,000 paths at the most, and the next begins when it is completed', async () => {
    const paths = Array.from({ length: 6_001 }, (_, i) => `/${i}`);
    const { result, received } = await purge(service(1), paths);
    expect(received.map(({ method, body }) => [method, body.split('<Path>').length - 1])).toEqual([
      ['POST', 3_000],
      ['GET', 0],
      ['POST', 3_000],
      ['GET', 0],
      ['POST', 1],
      ['GET', 0],
    ]);
    expect(result).toEqual({ done: 'CloudFront has invalidated 6001 paths' });
  });

  test('is the same one when its request is repeated', async () => {
    const answer = service(1);
    const { result, received } = await purge((one, i) => (i < 2 ? { status: 503 } : answer(one)));
    expect(result).toMatchObject({ done: expect.any(String) });
    const references = received.slice(0, 3).map(({ body }) => /<CallerReference>(.*?)</.exec(body)?.[1]);
    expect(new Set(references).size).toBe(1);
    expect(references[0]).toMatch(/^rangeway-/);
  });

  test('is not waited for without end', async () => {
    const { result, received } = await purge(service(1_000_000));
    expect(result).toBe('CloudFront has not completed I2J0I21PCUYOIK after 15 minutes; it goes on by itself');
    expect(received).toHaveLength(1 + (15 * 60) / 5);
  });

  test.each<readonly [Reply | undefined, number, RegExp]>([
    [failure(404, 'NoSuchDistribution'), 1, /knows no distribution EDFDVBD6EXAMPLE in the account/],
    [failure(403, 'AccessDenied'), 1, /need cloudfront:CreateInvalidation and cloudfront:GetInvalidation/],
    [failure(403, 'InvalidClientTokenId'), 1, /refuses the credentials in the environment \(InvalidClientTokenId\)/],
    [failure(403, 'SignatureDoesNotMatch'), 1, /refuses the credentials in the environment/],
    [failure(400, 'TooManyInvalidationsInProgress'), 1, /too many invalidations in progress; wait/],
    [failure(400, 'InvalidArgument'), 1, /^CloudFront answers 400 InvalidArgument$/],
    [failure(429, 'Throttling'), 5, /^CloudFront answers 429 Throttling$/],
    [{ status: 500 }, 5, /^CloudFront answers 500$/],
    [undefined, 5, /^CloudFront can't be reached/],
    [{ status: 201, body: '<Invalidation><Id>../x</Id></Invalidation>' }, 1, /without the id of the invalidation/],
  ])('that is refused with %j says what to do', async (reply, attempts, message) => {
    const { result, received } = await purge(() => reply);
    expect(result).toMatch(message);
    expect(received).toHaveLength(attempts);
  });

  test('whose state can not be read says so', async () => {
    const { result } = await purge((_, i) =>
      i === 0 ? service(3)({ method: 'POST', path: '', headers: {}, body: '' }) : failure(403, 'AccessDenied'),
    );
    expect(result).toMatch(/cloudfront:GetInvalidation/);
  });

  test.each([
    [ID, {}, /needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for a profile: eval/],
    [undefined, ENV, /needs the distribution: --distribution ID, or the variable CLOUDFRONT_DISTRIBUTION_ID/],
    ['../E1', ENV, /needs the distribution/],
    [ID, { ...ENV, AWS_ENDPOINT_URL_CLOUDFRONT: 'nowhere' }, /AWS_ENDPOINT_URL_CLOUDFRONT takes an address/],
  ])('is refused before anything is sent: %s, %j', (id, env, message) => {
    expect(() => cloudfrontPurge(id, env, () => undefined)).toThrow(message);
  });
});

/** AWS's published test suite for Signature Version 4. */
test.each([
  ['/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  [
    '/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
    '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
  ],
])('a GET of %s has the signature of the test suite', (path, signature) => {
  const credentials = { accessKeyId: ENV.AWS_ACCESS_KEY_ID, secretAccessKey: ENV.AWS_SECRET_ACCESS_KEY };
  const request = {
    method: 'GET',
    path,
    host: 'example.amazonaws.com',
    region: 'us-east-1',
    service: 'service',
    fields: {},
    body: '',
  } as const;
  const { authorization } = signRequest(request, credentials, new Date('2015-08-30T12:36:00Z'));
  expect(authorization).toMatch(new RegExp(`Signature=${signature}$`));
});
