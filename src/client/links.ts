import type { FieldReader } from './validator.ts';

/** One link of the field, up to its parameters. */
const LINK = /<([^<>]*)>((?:[ \t]*;[ \t]*[\w!#$&+.^`|~-]+(?:=(?:"[^"]*"|[^\s",;]+))?)*)/g;

/** Longest field that is read, in characters. */
const MAX_LENGTH = 16 * 1024;

/** A relation (RFC 8288) and the media type of its target, both in lower case. */
export interface LinkType {
  readonly rel: string;
  readonly type: string;
}

/**
 * Finds the target of a link of this relation and type in the field Link (RFC 8288).
 *
 * @param url of the response, to which the target is relative
 * @returns an absolute address; `undefined` if there is none, or if it is not http or https
 */
export function linkedAddress(fields: FieldReader, url: string, { rel, type }: LinkType): string | undefined {
  const value = fields.get('Link');
  if (value === null || value.length > MAX_LENGTH) return undefined;
  for (const [, target = '', text = ''] of value.matchAll(LINK)) {
    if (parameter(text, 'rel')?.split(' ').includes(rel) !== true || parameter(text, 'type') !== type) continue;
    const address = URL.parse(target, url);
    if (address !== null && /^https?:$/.test(address.protocol)) return address.href;
  }
  return undefined;
}

function parameter(text: string, name: string): string | undefined {
  const [, quoted, token] = new RegExp(`;[ \\t]*${name}=(?:"([^"]*)"|([^\\s",;]+))`, 'i').exec(text) ?? [];
  return (quoted ?? token)?.toLowerCase();
}
