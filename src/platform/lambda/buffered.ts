import {
  toPlatformEnv,
  toHead,
  toRequest,
  type FunctionUrlEvent,
  type FunctionUrlHead,
  type LambdaHandlerOptions,
} from './event.ts';

/** An answer in payload format 2.0. */
export interface FunctionUrlResult extends FunctionUrlHead {
  readonly statusCode: number;
  /** Always base64: which types are text is nothing to guess where every byte counts. */
  readonly body: string;
  readonly isBase64Encoded: true;
}

/** A handler for the invoke mode BUFFERED. */
export type BufferedHandler = (event: FunctionUrlEvent) => Promise<FunctionUrlResult>;

/**
 * Bytes of a body that fit into a buffered answer: 6 MB take it as base64, a third more, with room for the head.
 */
export const BUFFERED_LIMIT = 4_500_000;

/**
 * Makes a handler that answers whole. A body that breaks rejects: nothing has been sent yet, and the function URL
 * answers 502.
 */
export function lambdaHandler({ gateway, front }: LambdaHandlerOptions): BufferedHandler {
  return async (event) => {
    const facts = { ...toPlatformEnv(event, front), event };
    const response = await gateway.fetch(toRequest(event), facts);
    const body = Buffer.from(await response.arrayBuffer());
    return {
      statusCode: response.status,
      ...toHead(response.headers),
      body: body.toString('base64'),
      isBase64Encoded: true,
    };
  };
}
