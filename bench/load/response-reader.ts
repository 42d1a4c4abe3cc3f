/** Of a response, what the load generator looks at. */
export interface ResponseHead {
  readonly status: number;
  /** Whether the connection ends with it. */
  readonly closes: boolean;
}

/** Is told how a response goes on. */
export interface ResponseListener {
  onHead(head: ResponseHead): void;
  /** Bytes of the body, in a buffer that is used again. */
  onBytes(bytes: Buffer): void;
  onEnd(): void;
}

type State =
  | { readonly at: 'head' }
  | { readonly at: 'body'; left: number }
  | { readonly at: 'chunk-size' }
  | { readonly at: 'chunk'; left: number }
  | { readonly at: 'trailer' };

const HEAD: State = { at: 'head' };

/** Reads one HTTP/1.1 response after the other from a connection's bytes, keeping none of them. */
export function responseReader(listener: ResponseListener): (bytes: Buffer) => void {
  let state: State = HEAD;
  let text = '';

  const end = () => {
    state = HEAD;
    listener.onEnd();
  };

  /** @returns what follows the first `mark`, or `undefined` where it has not come yet; `text` is what was before it */
  const takeUntil = (mark: string, bytes: Buffer): Buffer | undefined => {
    const before = text.length;
    text += bytes.toString('latin1');
    const found = text.indexOf(mark);
    if (found < 0) return undefined;
    const rest = bytes.subarray(found + mark.length - before);
    text = text.slice(0, found);
    return rest;
  };

  const takeBody = (left: number, bytes: Buffer): { readonly left: number; readonly rest: Buffer } => {
    const taken = Math.min(left, bytes.length);
    if (taken > 0) listener.onBytes(taken === bytes.length ? bytes : bytes.subarray(0, taken));
    return { left: left - taken, rest: bytes.subarray(taken) };
  };

  const begin = () => {
    const length = /\r\ncontent-length: *(\d+)/i.exec(text);
    const status = Number(text.slice(9, 12));
    listener.onHead({ status, closes: /\r\nconnection: *close/i.test(text) });
    if (status === 304 || status === 204 || length?.[1] === '0') return end();
    if (length?.[1] !== undefined) state = { at: 'body', left: Number(length[1]) };
    else if (/\r\ntransfer-encoding: *chunked/i.test(text)) state = { at: 'chunk-size' };
    else state = { at: 'body', left: Number.MAX_SAFE_INTEGER };
  };

  /** @returns what is left of the bytes, or `undefined` where more have to come first */
  const step = (bytes: Buffer): Buffer | undefined => {
    switch (state.at) {
      case 'head': {
        const rest = takeUntil('\r\n\r\n', bytes);
        if (rest === undefined) return undefined;
        begin();
        text = '';
        return rest;
      }
      case 'body':
      case 'chunk': {
        const { left, rest } = takeBody(state.left, bytes);
        state.left = left;
        if (left > 0) return undefined;
        if (state.at === 'body') end();
        else state = { at: 'chunk-size' };
        return rest;
      }
      case 'chunk-size': {
        const rest = takeUntil('\r\n', bytes);
        if (rest === undefined) return undefined;
        // After a chunk comes an empty line.
        if (text !== '') {
          const left = Number.parseInt(text, 16);
          state = left === 0 ? { at: 'trailer' } : { at: 'chunk', left };
        }
        text = '';
        return rest;
      }
      case 'trailer': {
        const rest = takeUntil('\r\n', bytes);
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
