import type { FetchHandler } from '../fetch-handler.ts';
import { lambdaHandler, type BufferedHandler } from './buffered.ts';
import type { LambdaHandlerOptions } from './event.ts';
import { lambdaStreamHandler, streamify, type StreamedHandler } from './streamed.ts';

export { BUFFERED_LIMIT, type BufferedHandler, type FunctionUrlResult } from './buffered.ts';
export type { FunctionUrlEvent, LambdaFront } from './event.ts';
export { STREAMED_LIMIT, type ResponseStream, type StreamedHandler } from './streamed.ts';
export type { FetchHandler } from '../fetch-handler.ts';

/** How a function is called. */
export type HandleOptions = Pick<LambdaHandlerOptions, 'front'>;

/**
 * Makes the handler of a function URL whose invoke mode is BUFFERED out of a Hono app, or of anything else that has a
 * `fetch`. Bodies go as base64, so that bytes of any content type arrive as they are; up to {@link BUFFERED_LIMIT} bytes
 * fit. The app finds the client's address as `c.env.clientAddress`, the event as `c.env.event`.
 *
 * @param options.front `cloudfront` where CloudFront alone can call the function: its word on the client's address is
 *   taken then. By default clients call the function themselves.
 * @returns the handler. It rejects where a body breaks, and the function URL answers 502.
 *
 * @example
 * import { Hono } from 'hono';
 * import { createGateway, memoryStore } from 'rangeway';
 * import { handle } from 'rangeway/lambda';
 *
 * export const handler = handle(new Hono().route('/files', createGateway({ store: memoryStore() })));
 */
export function handle(app: FetchHandler, options: HandleOptions = {}): BufferedHandler {
  return lambdaHandler({ gateway: app, ...options });
}

/**
 * Makes the handler of a function URL whose invoke mode is RESPONSE_STREAM out of a Hono app, or of anything else that
 * has a `fetch`. Up to {@link STREAMED_LIMIT} bytes fit. Off Lambda, where there is no `awslambda`, its calls reject.
 *
 * @param options as for {@link handle}
 *
 * @example
 * import { Hono } from 'hono';
 * import { createGateway, memoryStore } from 'rangeway';
 * import { streamHandle } from 'rangeway/lambda';
 *
 * export const handler = streamHandle(new Hono().route('/files', createGateway({ store: memoryStore() })));
 */
export function streamHandle(app: FetchHandler, options: HandleOptions = {}): StreamedHandler {
  return streamify(lambdaStreamHandler({ gateway: app, ...options }));
}
