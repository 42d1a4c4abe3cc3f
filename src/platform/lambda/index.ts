import type { FetchHandler } from '../fetch-handler.ts';
import { lambdaHandler, type BufferedHandler } from './buffered.ts';
import type { LambdaHandlerOptions } from './event.ts';
import { lambdaStreamHandler, streamify, type StreamedHandler } from './streamed.ts';

export { BUFFERED_LIMIT, type BufferedHandler, type FunctionUrlResult } from './buffered.ts';
export type { FunctionUrlEvent, LambdaFront } from './event.ts';
export { STREAMED_LIMIT, type ResponseStream, type StreamedHandler } from './streamed.ts';
export type { FetchHandler } from '../fetch-handler.ts';

/** The options of {@link handle} and {@link streamHandle}. */
export type HandleOptions = Pick<LambdaHandlerOptions, 'front'>;

/**
 * Creates the handler of a function URL with the invoke mode BUFFERED from a Hono app, or from any object with a
 * `fetch`. Bodies are base64, so that all content types arrive unchanged, and have up to {@link BUFFERED_LIMIT} bytes.
 * The app reads the client's address as `c.env.clientAddress` and the event as `c.env.event`.
 *
 * @param options.front `cloudfront` if only CloudFront can call the function: its field with the client's address is
 *   trusted then. By default clients call the function URL themselves.
 * @returns the handler. It rejects if a body breaks off, and the function URL answers 502.
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
 * Creates the handler of a function URL with the invoke mode RESPONSE_STREAM from a Hono app, or from any object with a
 * `fetch`. Bodies have up to {@link STREAMED_LIMIT} bytes. Outside Lambda there is no global `awslambda`, and the
 * handler rejects.
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
