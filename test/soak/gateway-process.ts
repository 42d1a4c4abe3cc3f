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

/** Starts `rangeway serve --s3` over an origin, under Node with these flags. */
export async function startGateway(endpoint: string, flags: readonly string[] = []): Promise<GatewayProcess> {
  const { url, pid, log, complaints, stop } = await startServe(
    ['--s3', 'soak', '--endpoint', endpoint, '--path-style'],
    flags,
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
