/** What the origin reads of a request. */
export interface RequestHead {
  readonly method: string;
  /** Without the query, decoded. */
  readonly path: string;
  readonly query: string;
  /** A field's value, by its name in lower case. */
  field(name: FieldName): string | undefined;
}

/** Fields that the origin heeds; all others are not even split off, since the origin must not be what is measured. */
export type FieldName = keyof typeof FIELDS;

const FIELDS = {
  range: /\r\nrange: *([^\r]*)/i,
  'if-match': /\r\nif-match: *([^\r]*)/i,
  'if-none-match': /\r\nif-none-match: *([^\r]*)/i,
};

/** Reads the head of a request, without its empty line. */
export function parseRequestHead(text: string): RequestHead {
  const [method = '', target = ''] = text.slice(0, text.indexOf('\r\n')).split(' ');
  const mark = target.indexOf('?');
  return {
    method,
    path: decodeURIComponent(mark < 0 ? target : target.slice(0, mark)),
    query: mark < 0 ? '' : target.slice(mark + 1),
    field: (name) => FIELDS[name].exec(text)?.[1],
  };
}
