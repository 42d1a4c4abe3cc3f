import { BUFFERED_LIMIT, lambdaHandler, type BufferedHandler } from './buffered.ts';
import { lambdaGateway, readEnvironment } from './gateway.ts';
import { lambdaStreamHandler, streamify, STREAMED_LIMIT, type StreamedHandler } from './streamed.ts';
import { readSecrets } from './secrets.ts';
import { s3Client } from '../s3/s3-client.ts';

// At the module's start, so that a wrong environment fails the deployment's first call and not the thousandth.
const config = readEnvironment(process.env);

// Once, before the first request: Lambda waits for the module. A secret that is changed later is read by new instances.
const secrets = await readSecrets(config.secrets ?? new Map(), process.env);

// One pool of connections. A gateway costs 0.2 ms beside it, so that both are made, and both can refuse the settings.
const client = s3Client(config.access);

const { front } = config;
const open = (limit: number) => ({ gateway: lambdaGateway(client, config, limit, undefined, secrets), front });

/** For a function URL whose invoke mode is BUFFERED. */
export const handler: BufferedHandler = lambdaHandler(open(BUFFERED_LIMIT));

/** For a function URL whose invoke mode is RESPONSE_STREAM. */
export const streamHandler: StreamedHandler = streamify(lambdaStreamHandler(open(STREAMED_LIMIT)));

export { lambdaHandler, lambdaStreamHandler };
