/** The head of a response, as far as the load generator looks at it. */
export interface ResponseHead {
  readonly status: number;
  /** Whether the server closes the connection after this response. */
  readonly closes: boolean;
}

/** Callbacks for the pieces of a response. */
export interface ResponseListener {
  onHead(head: ResponseHead): void;
  /** Called with bytes of the body. The buffer is reused after the call. */
  onBytes(bytes: Buffer): void;
  onEnd(): void;
}

type State =
  | { readonly at: 'head' }
  | { readonly at: 'body'; remaining: number }
  | { readonly at: 'chunk-size' }
  | { readonly at: 'chunk'; remaining: number }
  | { readonly at: 'trailer' };

const HEAD: State = { at: 'head' };

/** Makes a parser of the HTTP/1.1 responses on one connection. It stores no bytes of bodies. */
export function responseReader(listener: ResponseListener): (bytes: Buffer) => void {
  let state: State = HEAD;
  let text = '';

  const end = () => {
    state = HEAD;
    listener.onEnd();
  };

  /** Collects `text` up to a delimiter. @returns the bytes behind it, or `undefined` if it has not been received yet */
  const readUntil = (delimiter: string, bytes: Buffer): Buffer | undefined => {
    const previous = text.length;
    text += bytes.toString('latin1');
    const found = text.indexOf(delimiter);
    if (found < 0) return undefined;
    const rest = bytes.subarray(found + delimiter.length - previous);
    text = text.slice(0, found);
    return rest;
  };

  const readBody = (length: number, bytes: Buffer): { readonly remaining: number; readonly rest: Buffer } => {
    const count = Math.min(length, bytes.length);
    if (count > 0) listener.onBytes(count === bytes.length ? bytes : bytes.subarray(0, count));
    return { remaining: length - count, rest: bytes.subarray(count) };
  };

  const startBody = () => {
    const length = /\r\ncontent-length: *(\d+)/i.exec(text);
    const status = Number(text.slice(9, 12));
    listener.onHead({ status, closes: /\r\nconnection: *close/i.test(text) });
    if (status === 304 || status === 204 || length?.[1] === '0') return end();
    if (length?.[1] !== undefined) state = { at: 'body', remaining: Number(length[1]) };
    else if (/\r\ntransfer-encoding: *chunked/i.test(text)) state = { at: 'chunk-size' };
    else state = { at: 'body', remaining: Number.MAX_SAFE_INTEGER };
  };

  /** Parses one element. @returns the bytes behind it, or `undefined` if more bytes are needed */
  const step = (bytes: Buffer): Buffer | undefined => {
    switch (state.at) {
      case 'head': {
        const rest = readUntil('\r\n\r\n', bytes);
        if (rest === undefined) return undefined;
        startBody();
        text = '';
        return rest;
      }
      case 'body':
      case 'chunk': {
        const { remaining, rest } = readBody(state.remaining, bytes);
        state.remaining = remaining;
        if (remaining > 0) return undefined;
        if (state.at === 'body') end();
        else state = { at: 'chunk-size' };
        return rest;
      }
      case 'chunk-size': {
        const rest = readUntil('\r\n', bytes);
        if (rest === undefined) return undefined;
        // The data of a chunk ends with an empty line (RFC 9112 §7.1).
        if (text !== '') {
          const size = Number.parseInt(text, 16);
          state = size === 0 ? { at: 'trailer' } : { at: 'chunk', remaining: size };
        }
        text = '';
        return rest;
      }
      case 'trailer': {
        const rest = readUntil('\r\n', bytes);
        if (rest === undefined) return undefined;
        if (text === '') end();
        text = '';
        return rest;
      }
    }
  };

  return (bytes) => {
    let rest: Buffer | undefined = bytes;
    while (rest !== undefined && rest.length > 0) rest = step(rest);
  };
}
