import { serveFunction } from '../../src/cli/dev/function-url.ts';
import type { ConfigInput } from '../../src/config/config.ts';
import { BUFFERED_LIMIT, lambdaHandler } from '../../src/platform/lambda/buffered.ts';
import { lambdaGateway } from '../../src/platform/lambda/gateway.ts';
import { lambdaStreamHandler, STREAMED_LIMIT } from '../../src/platform/lambda/streamed.ts';
import { access } from './server.ts';

/** A bucket, and a client that reads it. */
interface FilledBucket {
  readonly bucket: string;
  readonly client: Parameters<typeof lambdaGateway>[0];
}

/**
 * Serves a bucket by the Lambda function, behind a local function URL.
 *
 * @param most the largest response in bytes, if it is to be less than that of Lambda
 */
export async function startLambda(
  { bucket, client }: FilledBucket,
  mode: 'buffered' | 'stream',
  settings: ConfigInput = {},
  most = Number.POSITIVE_INFINITY,
) {
  const config = { bucket, prefix: '', access, settings, overflow: 'redirect', forbidden: 'denied' } as const;
  const open = (limit: number) => ({
    gateway: lambdaGateway(client, { ...config, linkSeconds: 60 }, Math.min(limit, most), () => undefined),
  });
  const server = await serveFunction(
    mode === 'buffered'
      ? { mode, handler: lambdaHandler(open(BUFFERED_LIMIT)) }
      : { mode, handler: lambdaStreamHandler(open(STREAMED_LIMIT)) },
    { port: 0 },
  );
  return { url: server.url, stop: () => server.stop(1_000) };
}
