import { startGateway as startServe } from '../service/gateway-process.ts';

export { CREDENTIALS } from '../service/gateway-process.ts';

/** A gateway in a process of its own. */
export interface GatewayProcess {
  /** Without a slash at its end. */
  readonly url: string;
  readonly pid: number;
  /** Log lines of requests that failed, and whatever it wrote besides the log. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

/**
 * Left to itself V8 gives its young generation some 130 MB and fills them over many minutes: in 10 the resident set
 * grew by 90 MiB, while what was alive after each collection stayed at 19 MB. Bounded, it is flat, and growth is a leak.
 */
const FLAGS = ['--max-semi-space-size=8'];

/** Starts `rangeway serve --s3` over an origin. Its resident set can be measured. */
export async function startGateway(endpoint: string): Promise<GatewayProcess> {
  const { url, pid, log, complaints, stop } = await startServe(
    ['--s3', 'soak', '--endpoint', endpoint, '--path-style'],
    FLAGS,
  );
  return {
    url,
    pid,
    get complaints() {
      const failed = log.filter(({ outcome }) => outcome === 'failed');
      return [...complaints, ...failed.map((entry) => JSON.stringify(entry))];
    },
    stop,
  };
}
