import { describe, expect, test } from 'vitest';
import { PROBLEM_TYPE, problemBody, type ProblemKind, type ProblemStatus } from '../../src/http/problem.ts';

describe('problemBody', () => {
  test('is one line of JSON, exactly', () => {
    expect(problemBody(404, 'There is no such object.', 'r-1')).toBe(
      '{"type":"about:blank","title":"Not Found","status":404,"detail":"There is no such object.","requestId":"r-1"}\n',
    );
  });

  const titles: readonly (readonly [status: ProblemStatus, title: string])[] = [
    [400, 'Bad Request'],
    [404, 'Not Found'],
    [405, 'Method Not Allowed'],
    [409, 'Conflict'],
    [412, 'Precondition Failed'],
    [416, 'Range Not Satisfiable'],
    [500, 'Internal Server Error'],
    [502, 'Bad Gateway'],
    [503, 'Service Unavailable'],
  ];
  test.each(titles)('%i has the title that RFC 9110 gives it', (status, title) => {
    expect(JSON.parse(problemBody(status, '', ''))).toEqual({
      type: 'about:blank',
      title,
      status,
      detail: '',
      requestId: '',
    });
  });
  const kinds: readonly (readonly [kind: ProblemKind, type: string, title: string])[] = [
    ['archived', 'urn:rangeway:problem:archived', 'Object Is Archived'],
    ['changed', 'urn:rangeway:problem:changed', 'Object Has Changed'],
  ];
  test.each(kinds)('has its own type and title if it is %s', (kind, type, title) => {
    expect(JSON.parse(problemBody(412, 'd', 'r', kind))).toEqual({
      type,
      title,
      status: 412,
      detail: 'd',
      requestId: 'r',
    });
  });
  test('escapes characters that would end the string', () => {
    expect(JSON.parse(problemBody(400, 'a"\n\\', 'x'))).toMatchObject({ detail: 'a"\n\\' });
  });
  test('has the type of RFC 9457', () => {
    expect(PROBLEM_TYPE).toBe('application/problem+json');
  });
});
