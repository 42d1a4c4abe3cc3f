import {
  toPlatformEnv,
  toFunctionUrlHead,
  toRequest,
  type FunctionUrlEvent,
  type FunctionUrlHead,
  type LambdaHandlerOptions,
} from './event.ts';

/** A response in payload format 2.0. */
export interface FunctionUrlResult extends FunctionUrlHead {
  readonly statusCode: number;
  /** Always base64, so that no content type has to be classified as text. */
  readonly body: string;
  readonly isBase64Encoded: true;
}

/** A Lambda handler for the invoke mode BUFFERED. */
export type BufferedHandler = (event: FunctionUrlEvent) => Promise<FunctionUrlResult>;

/** The most bytes of a buffered body: Lambda's payload of 6 MB holds them as base64, a third more, and the head. */
export const BUFFERED_LIMIT = 4_500_000;

/**
 * Creates a handler that returns the whole response. If the body breaks off, the handler rejects: no byte has been sent
 * yet, and the function URL answers 502.
 */
export function lambdaHandler({ gateway, front }: LambdaHandlerOptions): BufferedHandler {
  return async (event) => {
    const platformEnv = { ...toPlatformEnv(event, front), allowsEventStreams: false, event };
    const response = await gateway.fetch(toRequest(event), platformEnv);
    const body = Buffer.from(await response.arrayBuffer());
    return {
      statusCode: response.status,
      ...toFunctionUrlHead(response.headers),
      body: body.toString('base64'),
      isBase64Encoded: true,
    };
  };
}
