import type { Field, MeantRange, MeantRequest, MeantTag } from './decision-table.ts';
import { printDate, type DateForm } from './dates.ts';

/** How a client writes what it means. */
export interface Manner {
  readonly dateForm: DateForm;
  /** The separator of list elements. */
  readonly comma: string;
  /** The white space after the equals sign of a Range. */
  readonly blank: string;
  /** Each element of a list of tags on a line of its own (§5.3). */
  readonly ownLines: boolean;
}

/** Writes a request's fields. */
export function printRequest(request: MeantRequest, manner: Manner): Headers {
  const { dateForm, comma, blank, ownLines } = manner;
  const headers = new Headers();
  const printSeconds = (seconds: number): string => printDate(seconds, dateForm);
  const printTags = (tags: '*' | readonly MeantTag[]): readonly string[] => {
    if (tags === '*') return ['*'];
    return ownLines ? tags.map(printTag) : [tags.map(printTag).join(comma)];
  };
  append(headers, 'If-Match', request.ifMatch, printTags);
  append(headers, 'If-None-Match', request.ifNoneMatch, printTags);
  append(headers, 'If-Modified-Since', request.ifModifiedSince, (date) => [printSeconds(date)]);
  append(headers, 'If-Unmodified-Since', request.ifUnmodifiedSince, (date) => [printSeconds(date)]);
  append(headers, 'If-Range', request.ifRange, (validator) => [
    'tag' in validator ? printTag(validator.tag) : printSeconds(validator.date),
  ]);
  append(headers, 'Range', request.range, (ranges) => [`bytes=${blank}${ranges.map(printMember).join(comma)}`]);
  return headers;
}

function append<T>(headers: Headers, name: string, field: Field<T>, print: (value: T) => readonly string[]): void {
  switch (field.kind) {
    case 'absent':
      return;
    case 'malformed':
      headers.append(name, field.text);
      return;
    case 'value':
      for (const line of print(field.value)) headers.append(name, line);
  }
}

function printTag({ weak, text }: MeantTag): string {
  return `${weak ? 'W/' : ''}"${text}"`;
}

function printMember(range: MeantRange): string {
  return 'suffix' in range ? `-${range.suffix}` : `${range.first}-${range.last ?? ''}`;
}
