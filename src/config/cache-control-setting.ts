import { suggest } from '../base/suggest.ts';

/** The argument of a directive: none, whole seconds, or none or a quoted list of field names. */
type Argument = 'none' | 'seconds' | 'names';

/** Directives of responses: RFC 9111 §5.2.2, RFC 5861 and RFC 8246. */
const DIRECTIVES: ReadonlyMap<string, Argument> = new Map([
  ['max-age', 'seconds'],
  ['s-maxage', 'seconds'],
  ['stale-while-revalidate', 'seconds'],
  ['stale-if-error', 'seconds'],
  ['private', 'names'],
  ['no-cache', 'names'],
  ['public', 'none'],
  ['no-store', 'none'],
  ['no-transform', 'none'],
  ['immutable', 'none'],
  ['must-revalidate', 'none'],
  ['proxy-revalidate', 'none'],
  ['must-understand', 'none'],
]);

/** Directives of requests only, §5.2.1. */
const OF_REQUESTS = /^(?:max-stale|min-fresh|only-if-cached)$/;

/** A directive: a token, and an argument that is a token or a quoted string, without spaces around `=` (§5.2). */
const DIRECTIVE =
  /[ \t]*([!#$%&'*+.^_`|~\w-]+)(?:=([!#$%&'*+.^_`|~\w-]+|"(?:[\t !\x23-\x5b\x5d-\x7e]|\\[\t\x20-\x7e])*"))?[ \t]*(?:,(?!\s*$)|$)/y;

const FORM = 'takes directives that caches know, with commas between, such as "public, max-age=3600"';

/**
 * Validates the value of a Cache-Control field of responses (RFC 9111 §5.2). Extension directives are allowed beside
 * known ones, unless they look like a misspelled one.
 *
 * @returns an error message; `undefined` if the value is valid
 */
export function cacheControlError(value: string): string | undefined {
  const directives = parseDirectives(value);
  if (directives === undefined) return FORM;
  const known = new Map<string, string>();
  for (const [name, argument] of directives) {
    const error = directiveError(name, argument);
    if (error !== undefined) return error;
    if (!DIRECTIVES.has(name)) continue;
    if (known.has(name)) return `takes ${name} once`;
    known.set(name, argument);
  }
  return known.size === 0 ? FORM : contradiction(known);
}

/** Returns names in lower case with arguments, which are empty if absent; `undefined` if the syntax is wrong. */
function parseDirectives(value: string): readonly (readonly [string, string])[] | undefined {
  const directives: (readonly [string, string])[] = [];
  for (DIRECTIVE.lastIndex = 0; DIRECTIVE.lastIndex < value.length;) {
    const [, name = '', argument = ''] = DIRECTIVE.exec(value) ?? [];
    if (name === '') return undefined;
    directives.push([name.toLowerCase(), argument]);
  }
  return directives;
}

function directiveError(name: string, argument: string): string | undefined {
  switch (DIRECTIVES.get(name)) {
    case 'seconds':
      return /^\d+$/.test(argument) ? undefined : `takes ${name} in whole seconds, such as ${name}=3600`;
    case 'none':
      return argument === '' ? undefined : `takes ${name} without a value`;
    case 'names':
      return /^(?:".+")?$/.test(argument) ? undefined : `takes ${name} alone, or with field names in quotes`;
    case undefined: {
      if (OF_REQUESTS.test(name)) return `takes no ${name}, which is for requests`;
      const meant = suggest(name, [...DIRECTIVES.keys()]);
      return meant && `takes ${meant} in place of ${name}`;
    }
  }
}

/** Finds a directive that has no effect beside another one. A directive with field names is about these fields only. */
function contradiction(known: ReadonlyMap<string, string>): string | undefined {
  const kept = ['public', 'immutable', 'max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error'];
  const useful = kept.find((name) => known.has(name) && !/^0+$/.test(known.get(name) ?? ''));
  // A cache that knows the status code ignores no-store beside must-understand (§5.2.2.3).
  if (known.has('no-store') && !known.has('must-understand') && useful !== undefined) {
    return `takes ${useful} or no-store, with which nothing is kept`;
  }
  const shared = ['public', 's-maxage'].find((name) => known.has(name));
  return known.get('private') === '' && shared !== undefined
    ? `takes ${shared} or private, with which shared caches keep nothing`
    : undefined;
}
