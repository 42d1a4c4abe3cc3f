import type { ServerResponse } from 'node:http';
import type { RequestContent } from '../../gateway/request-content.ts';
import type { NodeRequest } from './node-request.ts';

/**
 * Reads the content of a request to a gateway, which reads no other one. A client that waits for a 100 response gets it
 * (RFC 9110 §10.1.1). If the content is too long, its rest is discarded, and the connection is closed after the
 * response.
 *
 * @param limit the most bytes
 */
export function readContent({ content }: NodeRequest, res: ServerResponse, limit: number): Promise<RequestContent> {
  return new Promise((resolve) => {
    if (content === undefined) return resolve({ type: 'complete', bytes: new Uint8Array() });
    const chunks: Buffer[] = [];
    let length = 0;
    const refuse = () => {
      chunks.length = 0;
      if (!res.headersSent) res.setHeader('Connection', 'close');
      resolve({ type: 'too-long' });
    };
    content.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) refuse();
      else chunks.push(chunk);
    });
    content.once('end', () => resolve({ type: 'complete', bytes: Buffer.concat(chunks) }));
    content.once('close', () => resolve({ type: 'incomplete' }));
    content.once('error', () => resolve({ type: 'incomplete' }));
    const { expect, 'content-length': announced } = content.headers;
    if (Number(announced) > limit) refuse();
    else if (expect !== undefined) res.writeContinue();
  });
}
