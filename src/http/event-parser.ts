/** An event of a stream (HTML, "Server-sent events"). */
export interface ParsedEvent {
  readonly type: string;
  /** The last id that the stream has told, to be sent back as Last-Event-ID; empty if there was none. */
  readonly id: string;
  readonly data: string;
}

/**
 * Creates a parser of an event stream, by the rules of HTML, "Interpreting an event stream". It never throws.
 *
 * @returns a function that takes the next part of the text, and returns the events that are complete with it. The part
 *   may end anywhere
 */
export function eventParser(): (text: string) => readonly ParsedEvent[] {
  let rest = '';
  let id = '';
  let type = '';
  let data: string[] = [];

  /** Takes one line without its end. Returns an event if the line ends one. */
  function takeLine(line: string): ParsedEvent | undefined {
    if (line === '') {
      const event = data.length === 0 ? undefined : { type: type === '' ? 'message' : type, id, data: data.join('\n') };
      type = '';
      data = [];
      return event;
    }
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') type = value;
    if (name === 'data') data.push(value);
    if (name === 'id' && !value.includes('\0')) id = value;
    return undefined;
  }

  return (text) => {
    // A carriage return at the end may be the first half of a line end.
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    return lines.map(takeLine).filter((event) => event !== undefined);
  };
}
