import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { granted, type AccessRequest } from '../../src/access/access.ts';
import { freePort } from '../../bench/free-port.ts';
import { MAIN } from '../cli/commands.ts';
import { KEY, nodeGateway, TOKEN, type CountingGateway } from './counts-gateways.ts';

/** The mount from which the proxy fills its cache. */
const WARM = 'warm';

/** A gateway on Node behind nginx, whose cache has all bytes: the gateway sees none of the downloads. */
export async function proxiedGateway(folder: string, names: readonly string[]): Promise<CountingGateway> {
  const gateway = await nodeGateway(folder, [...names, WARM]);
  const log = join(folder, 'requests.log');
  const nginx = await startNginx(folder, gateway.url, log);
  let isImported = false;
  return {
    ...gateway,
    url: nginx.url,
    async put(key, bytes) {
      await gateway.put(key, bytes);
      await warm(nginx.url, bytes.length);
    },
    async count(mount) {
      // The log of the proxy says what its cache has sent.
      if (!isImported) await importLog(log, gateway.url);
      isImported = true;
      return gateway.count(mount);
    },
    async stop() {
      await nginx.stop();
      await gateway.stop();
    },
  };
}

/**
 * The same without its log: the gateway knows what readers tell it. They are users, named by their User-Agent, so that
 * every program can send its name.
 */
export async function receiptGateway(folder: string, names: readonly string[]): Promise<CountingGateway> {
  const access = async ({ headers }: Pick<AccessRequest, 'headers'>) =>
    granted({ isPrivate: false, user: headers.get('User-Agent') ?? 'none' });
  const gateway = await nodeGateway(folder, [...names, WARM], access);
  const nginx = await startNginx(folder, gateway.url, join(folder, 'requests.log'));
  return {
    ...gateway,
    url: nginx.url,
    async put(key, bytes) {
      await gateway.put(key, bytes);
      await warm(nginx.url, bytes.length);
    },
    async sendReceipt(path, agent, bytes) {
      const headers = { 'User-Agent': agent, 'Content-Type': 'application/json' };
      const etag = (await fetch(gateway.url + path, { method: 'HEAD', headers })).headers.get('ETag') ?? '';
      const intervals = bytes === 0 ? [] : [[0, bytes]];
      const body = JSON.stringify({ etag, intervals });
      const { status } = await fetch(`${gateway.url}${path}?transfer`, { method: 'POST', headers, body });
      // A reader that the gateway never saw, and that has nothing, has no transfer.
      if (status !== 200 && !(status === 409 && bytes === 0)) throw new Error(`a receipt is answered ${status}`);
    },
    async stop() {
      await nginx.stop();
      await gateway.stop();
    },
  };
}

async function warm(proxy: string, size: number): Promise<void> {
  const response = await fetch(`${proxy}/${WARM}/${KEY}`);
  if ((await response.arrayBuffer()).byteLength !== size) throw new Error('the cache was not filled');
}

async function importLog(log: string, url: string): Promise<void> {
  const args = [MAIN, 'transfers', 'import', log, '--format', 'cloudflare', '--url', url];
  const env = { ...process.env, RANGEWAY_ADMIN_TOKEN: TOKEN };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the import ended with ${code}`);
}

/** A line of the dataset HTTP requests of Cloudflare's Logpush, as far as the import reads it. */
const LINE = [
  '"ClientRequestMethod":"$request_method"',
  '"ClientRequestURI":"$request_uri"',
  '"ClientRequestHost":"$http_host"',
  '"ClientRequestUserAgent":"$http_user_agent"',
  '"ClientIP":"$remote_addr"',
  '"CacheCacheStatus":"$cloudflare_status"',
  '"EdgeEndTimestamp":"$time_iso8601"',
  '"EdgeResponseStatus":$status',
  '"EdgeResponseBodyBytes":$body_bytes_sent',
  '"ResponseHeaders":{"content-range":"$sent_http_content_range"}',
].join(',');

/** nginx with one copy of each object, whatever the mount. */
async function startNginx(
  folder: string,
  gateway: string,
  log: string,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  for (const name of temporary) mkdirSync(join(folder, name));
  const paths = temporary.map((name) => `${name}_temp_path ${join(folder, name)};`).join(' ');
  const [errors, config] = [join(folder, 'error.log'), join(folder, 'nginx.conf')];
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${join(folder, 'nginx.pid')}; error_log ${errors}; events {}
http {
  ${paths}
  map $upstream_cache_status $cloudflare_status { HIT hit; default miss; }
  log_format cloudflare escape=json '{${LINE}}';
  access_log ${log} cloudflare;
  proxy_cache_path ${join(folder, 'cache')} keys_zone=objects:1m max_size=1g inactive=1d use_temp_path=off;
  server {
    listen 127.0.0.1:${port};
    location ~ ^/[^/]+/(?<object>[^/]+)$ {
      proxy_pass ${gateway}/${WARM}/$object;
      proxy_cache objects;
      proxy_cache_key $object;
      proxy_cache_valid 200 1d;
      proxy_ignore_headers Cache-Control Expires;
    }
  }
}`,
  );
  const child = spawn('nginx', ['-c', config, '-p', folder, '-e', errors], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await whenUp(url, child, errors);
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

async function whenUp(url: string, child: ChildProcess, errors: string): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(20)) {
    if (child.exitCode !== null) break;
    if ((await fetch(url).catch(() => undefined)) !== undefined) return;
  }
  throw new Error(`nginx does not answer: ${readFileSync(errors, 'utf8')}`);
}
