/** The head of a request, as far as the origin reads it. */
export interface RequestHead {
  readonly method: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly query: string;
  /** Returns the value of a field by its name in lower case. */
  field(name: FieldName): string | undefined;
}

/** Fields that the origin reads. It does not parse others, to use as little CPU as possible. */
export type FieldName = keyof typeof FIELDS;

const FIELDS = {
  range: /\r\nrange: *([^\r]*)/i,
  'if-match': /\r\nif-match: *([^\r]*)/i,
  'if-none-match': /\r\nif-none-match: *([^\r]*)/i,
};

/** Parses the head of a request, without the empty line at its end. */
export function parseRequestHead(text: string): RequestHead {
  const [method = '', target = ''] = text.slice(0, text.indexOf('\r\n')).split(' ');
  const query = target.indexOf('?');
  return {
    method,
    path: decodeURIComponent(query < 0 ? target : target.slice(0, query)),
    query: query < 0 ? '' : target.slice(query + 1),
    field: (name) => FIELDS[name].exec(text)?.[1],
  };
}
