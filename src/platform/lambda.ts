import { BUFFERED_LIMIT, lambdaHandler, type BufferedHandler } from './lambda-buffered.ts';
import { lambdaGateway, readEnvironment } from './lambda-gateway.ts';
import { lambdaStreamHandler, streamify, STREAMED_LIMIT, type StreamedHandler } from './lambda-streamed.ts';

// At the module's start, so that a wrong environment fails the deployment's first call and not the thousandth.
const config = readEnvironment(process.env);

/** For a function URL whose invoke mode is BUFFERED. */
export const handler: BufferedHandler = lambdaHandler({ gateway: lambdaGateway(config, BUFFERED_LIMIT) });

/** For a function URL whose invoke mode is RESPONSE_STREAM. */
export const streamHandler: StreamedHandler = streamify(
  lambdaStreamHandler({ gateway: lambdaGateway(config, STREAMED_LIMIT) }),
);

export { lambdaHandler, lambdaStreamHandler };
