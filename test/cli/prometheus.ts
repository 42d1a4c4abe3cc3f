import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../bench/free-port.ts';

/** Whether Prometheus is installed: test/docs/packages.txt. */
export const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0;

/** A Prometheus that scrapes a gateway every second. */
export interface Prometheus {
  /** Without a slash at its end. */
  readonly url: string;
  /** Returns the samples of an expression, or none as long as there are none. */
  query(expression: string): Promise<readonly Sample[]>;
  stop(): Promise<void>;
}

/** One series of the result of an expression. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Starts Debian's Prometheus.
 *
 * @param target address of the gateway
 * @param token of its administrator
 * @param folder for the configuration and the data
 * @param rules files with rules, which it evaluates every second
 */
export async function startPrometheus(
  target: string,
  token: string,
  folder: string,
  rules: readonly string[] = [],
): Promise<Prometheus> {
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: rules,
    scrape_configs: [
      {
        job_name: 'rangeway',
        metrics_path: '/.rangeway/metrics',
        authorization: { credentials: token },
        static_configs: [{ targets: [new URL(target).host] }],
      },
    ],
  };
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const args = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${await mkdtemp(join(folder, 'tsdb-'))}`,
    `--web.listen-address=${address}`,
  ];
  const child = spawn('prometheus', args, { stdio: 'ignore' });
  const url = `http://${address}`;
  return {
    url,
    async query(expression) {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`).catch(
        () => undefined,
      );
      const { data }: { data?: { result: readonly Result[] } } = Object(await response?.json());
      return (data?.result ?? []).map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

/** A series of an instant query, as Prometheus' API writes it. */
interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}
