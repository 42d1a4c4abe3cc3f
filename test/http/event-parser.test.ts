import { expect, test } from 'vitest';
import { eventParser, type ParsedEvent } from '../../src/http/event-parser.ts';

const event = (type: string, id: string, data: string): ParsedEvent => ({ type, id, data });

const ROWS: readonly (readonly [name: string, text: string, expected: readonly ParsedEvent[]])[] = [
  ['an event', 'event: a\nid: 1\ndata: {}\n\n', [event('a', '1', '{}')]],
  ['several lines of data', 'data: a\ndata: b\n\n', [event('message', '', 'a\nb')]],
  ['comments and other fields', ':\n\n: x\nretry: 5\n\ndata: a\n\n', [event('message', '', 'a')]],
  ['only one space is removed', 'data:  a\n\ndata:b\n\n', [event('message', '', ' a'), event('message', '', 'b')]],
  ['an event without data is none, and its id stays', 'id: 7\n\ndata: a\n\n', [event('message', '7', 'a')]],
  [
    'the type counts for one event',
    'event: x\ndata: a\n\ndata: b\n\n',
    [event('x', '', 'a'), event('message', '', 'b')],
  ],
  ['an id with NUL is ignored', 'id: a\nid: b\0\ndata\n\n', [event('message', 'a', '')]],
  ['an event that has not ended is none', 'data: a\n', []],
];

test.each(ROWS)('%s, with each line end, in one part and in parts of a character', (_, text, expected) => {
  for (const end of ['\n', '\r\n', '\r']) {
    const written = text.replaceAll('\n', end);
    // After a carriage return, the line ends when the next character is there.
    const all = `${written}${end === '\r' ? ':' : ''}`;
    expect(eventParser()(all)).toEqual(expected);
    const parse = eventParser();
    expect(Array.from(all).flatMap((character) => parse(character))).toEqual(expected);
  }
});
