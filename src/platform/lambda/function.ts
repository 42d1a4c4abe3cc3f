import { BUFFERED_LIMIT, lambdaHandler, type BufferedHandler } from './buffered.ts';
import { CDN_KEY } from './environment.ts';
import { lambdaGateway, readEnvironment } from './gateway.ts';
import { lambdaStreamHandler, streamify, STREAMED_LIMIT, type StreamedHandler } from './streamed.ts';
import { readSecrets } from './secrets.ts';
import { s3Client } from '../s3/s3-client.ts';

// Read when the module is loaded, so that a wrong environment fails the first invocation after a deployment.
const config = readEnvironment(process.env);

// Read once, before the first request: Lambda waits for the module. New instances read a secret that was changed later.
const sources = new Map([
  ...(config.secrets ?? []),
  ...(config.cdn === undefined ? [] : ([[CDN_KEY, config.cdn.source]] as const)),
]);
const secrets = await readSecrets(sources, process.env);

// Both gateways share one client. A gateway takes 0.2 ms to create, so both are created, and both check the settings.
const client = s3Client(config.access);

const { front } = config;
const optionsOf = (limit: number) => ({ gateway: lambdaGateway(client, config, limit, undefined, secrets), front });

/** The handler of a function URL with the invoke mode BUFFERED. */
export const handler: BufferedHandler = lambdaHandler(optionsOf(BUFFERED_LIMIT));

/** The handler of a function URL with the invoke mode RESPONSE_STREAM. */
export const streamHandler: StreamedHandler = streamify(lambdaStreamHandler(optionsOf(STREAMED_LIMIT)));

export { lambdaHandler, lambdaStreamHandler };
