/** One response of several on a connection. */
export interface PipelinedAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Splits the responses of one connection by their Content-Length.
 *
 * @param text all received bytes, one character each
 * @param areHeads for each request in turn whether it was a HEAD, whose answer has no body
 * @returns the complete responses before the first incomplete one
 */
export function parseAnswers(text: string, areHeads: readonly boolean[]): readonly PipelinedAnswer[] {
  const answers: PipelinedAnswer[] = [];
  let at = 0;
  for (const isHead of areHeads) {
    const end = text.indexOf('\r\n\r\n', at);
    const head = text.slice(at, end);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    const length = isHead ? 0 : Number(/\r\nContent-Length: (\d+)/i.exec(head)?.[1]);
    const body = Buffer.from(text.slice(end + 4, end + 4 + length), 'latin1');
    if (end < 0 || !Number.isInteger(status) || body.length !== length) break;
    answers.push({ status, body });
    at = end + 4 + length;
  }
  return answers;
}
