import { serveFunction, type LocalFunction } from './dev/function-url.ts';
import { BUFFERED_LIMIT, lambdaHandler } from '../platform/lambda/buffered.ts';
import { lambdaGateway, LINK_SECONDS, OVERFLOW_POLICIES, type LambdaConfig } from '../platform/lambda/gateway.ts';
import { lambdaStreamHandler, STREAMED_LIMIT } from '../platform/lambda/streamed.ts';
import { s3Client } from '../platform/s3/s3-client.ts';
import { explainListenError, parseCommandLine, parsePort } from './options.ts';
import { parseS3Source } from './s3-options.ts';
import { LAMBDA_COMMAND } from './server-commands.ts';
import { untilStopped } from './until-stopped.ts';
import { openBucket } from './serve.ts';
import { printAddresses } from './printed-address.ts';
import { say } from './say.ts';
import { usageError } from './usage.ts';

/** After a signal, running invocations have this long to finish, in ms. */
const STOP_LIMIT = 5_000;

const MODES = ['buffered', 'stream'] as const;

/**
 * Runs `rangeway lambda`: the Lambda function over a bucket, behind a local function URL, until a signal arrives.
 *
 * @throws UsageError for an option that is wrong, or a bucket that refuses to be read
 */
export async function lambda(args: readonly string[]): Promise<void> {
  const { texts, flags } = parseCommandLine(args, LAMBDA_COMMAND);
  const { host = '127.0.0.1' } = texts;
  const source = parseS3Source(texts, flags.has('path-style'));
  if (source === undefined) throw usageError('lambda needs a bucket: rangeway lambda --s3 BUCKET');
  const mode = pick('mode', texts.mode ?? 'buffered', MODES);
  const overflow = pick('overflow', texts.overflow ?? 'redirect', OVERFLOW_POLICIES);
  const port = parsePort(texts.port);
  const { name } = await openBucket(source);
  const config = { ...source, settings: {}, overflow, forbidden: 'denied', linkSeconds: LINK_SECONDS } as const;
  const server = await serveFunction(toFunction(mode, config), { port, host }).catch((error: unknown) => {
    throw explainListenError(error, host, port);
  });
  say(`${name} served by a local function URL (${mode}) at ${printAddresses(server.url)}`);
  await untilStopped();
  await server.stop(STOP_LIMIT);
  process.exit(0);
}

function toFunction(mode: (typeof MODES)[number], config: LambdaConfig): LocalFunction {
  const client = s3Client(config.access);
  return mode === 'buffered'
    ? { mode, handler: lambdaHandler({ gateway: lambdaGateway(client, config, BUFFERED_LIMIT) }) }
    : { mode, handler: lambdaStreamHandler({ gateway: lambdaGateway(client, config, STREAMED_LIMIT) }) };
}

function pick<Value extends string>(name: string, value: string, values: readonly Value[]): Value {
  const found = values.find((one) => one === value);
  if (found === undefined) throw usageError(`--${name} takes ${values.join(' or ')}, not "${value}"`);
  return found;
}
