import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { granted, refused, type AccessRule, type AccessVerdict, type Refused } from '../../src/access/access.ts';
import { allOf, anyOf, toRefusalResponse } from '../../src/access/index.ts';
import { holdsAsync } from '../property-runs.ts';
import { requestFor } from './request.ts';

const REQUEST = requestFor('/a');
const UNAVAILABLE: Refused = { type: 'unavailable', cause: new Error('secret inside') };
const BASIC: Refused = { type: 'unauthenticated', challenges: ['Basic realm="files"'] };
const BEARER: Refused = { type: 'unauthenticated', challenges: ['Bearer realm="files"'] };
const YES = granted({ isPrivate: false });

function says(verdict: AccessVerdict): AccessRule {
  return () => verdict;
}

function never(): AccessVerdict {
  throw new Error('this rule should not have been asked');
}

describe('anyOf', () => {
  const rows: readonly (readonly [
    name: string,
    verdicts: readonly [AccessVerdict, ...AccessVerdict[]],
    AccessVerdict,
  ])[] = [
    ['one that grants', [refused('forbidden'), YES], YES],
    [
      'the first that grants',
      [granted({ isPrivate: true, fileName: 'a' }), YES],
      granted({ isPrivate: true, fileName: 'a' }),
    ],
    ['one that grants beside one that can not be asked', [UNAVAILABLE, YES], YES],
    ['none', [refused('forbidden'), refused('forbidden')], refused('forbidden')],
    ['expired beside forbidden', [refused('forbidden'), refused('expired')], refused('expired')],
    ['expired beside a challenge', [refused('expired'), BASIC], refused('expired')],
    ['expired beside not yet', [refused('not-yet'), refused('expired')], refused('expired')],
    ['not yet beside a challenge', [BASIC, refused('not-yet')], refused('not-yet')],
    ['a challenge beside forbidden', [refused('forbidden'), BASIC], BASIC],
    [
      'two challenges',
      [BASIC, BEARER],
      { type: 'unauthenticated', challenges: ['Basic realm="files"', 'Bearer realm="files"'] },
    ],
    ['what can not be asked and might have granted', [refused('expired'), UNAVAILABLE, BASIC], UNAVAILABLE],
    ['a single rule', [refused('expired')], refused('expired')],
  ];
  test.for(rows)('%s', async ([, [first, ...others], expected]) => {
    expect(await anyOf(says(first), ...others.map(says))(REQUEST)).toEqual(expected);
  });
  test('calls no rule after one that grants', async () => {
    expect(await anyOf(says(YES), never)(REQUEST)).toEqual(YES);
  });
});

describe('allOf', () => {
  test('grants if each rule grants, with the stricter of their terms', async () => {
    const rule = allOf(
      says(granted({ isPrivate: false, expires: 300, maxBytesPerSecond: 10 })),
      says(granted({ isPrivate: true, expires: 100, fileName: 'first', maxBytesPerSecond: 5 })),
      says(granted({ isPrivate: false, expires: 200, fileName: 'second', downloadId: 'id', maxBytesPerSecond: 7 })),
    );
    expect(await rule(REQUEST)).toEqual(
      granted({ isPrivate: true, expires: 100, fileName: 'first', downloadId: 'id', maxBytesPerSecond: 5 }),
    );
  });
  test('keeps the lowest of each quota', async () => {
    const first = says(granted({ isPrivate: true, quota: { downloads: 2, bytes: 10 } }));
    const second = says(granted({ isPrivate: true, quota: { downloads: 1, connections: 4 } }));
    expect(await allOf(first, says(YES), second)(REQUEST)).toMatchObject({
      grant: { quota: { downloads: 1, bytes: 10, connections: 4 } },
    });
  });
  test.for([refused('forbidden'), refused('expired'), BASIC, UNAVAILABLE])(
    'returns the first refusal: %o',
    async (no) => {
      expect(await allOf(says(no), never)(REQUEST)).toBe(no);
      expect(await allOf(says(YES), says(no), never)(REQUEST)).toBe(no);
      expect(await allOf(says(YES), says(YES), says(no))(REQUEST)).toBe(no);
    },
  );
  test('is private if one rule is', async () => {
    expect(await allOf(says(YES))(REQUEST)).toEqual(YES);
  });
});

test('allOf and anyOf together are the logical and and or', async () => {
  const verdict = fc.constantFrom<AccessVerdict>(
    YES,
    granted(),
    refused('forbidden'),
    refused('expired'),
    BASIC,
    UNAVAILABLE,
  );
  const verdicts = fc.array(verdict, { minLength: 1, maxLength: 4 });
  const isYes = ({ type }: AccessVerdict) => type === 'granted';
  const combine = (how: typeof anyOf, list: readonly AccessVerdict[]) => {
    const [first = never, ...others] = list.map(says);
    return how(first, ...others);
  };
  await holdsAsync(
    fc.asyncProperty(fc.array(verdicts, { minLength: 1, maxLength: 4 }), async (groups) => {
      const [first = never, ...others] = groups.map((group) => combine(allOf, group));
      const answer = await anyOf(first, ...others)(REQUEST);
      expect(isYes(answer)).toBe(groups.some((group) => group.every(isYes)));
    }),
  );
});

describe('toRefusalResponse', () => {
  test.for([
    [refused('forbidden'), { status: 403, detail: 'This request may not read here.', fields: [] }],
    [refused('expired'), { status: 403, detail: expect.stringContaining('expired'), fields: [] }],
    [refused('not-yet'), { status: 403, detail: 'The link is not valid yet.', fields: [] }],
    [
      { type: 'unauthenticated', challenges: ['Basic realm="a"', 'Bearer realm="a"'] } as const,
      { status: 401, detail: expect.any(String), fields: [['WWW-Authenticate', 'Basic realm="a", Bearer realm="a"']] },
    ],
    [UNAVAILABLE, { status: 503, detail: expect.not.stringContaining('secret'), fields: [['Retry-After', '5']] }],
  ] as const)('of %o', ([verdict, expected]) => {
    expect(toRefusalResponse(verdict)).toEqual(expected);
  });
});
