import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contestant, Setup } from './contestant.ts';
import { freePort } from '../free-port.ts';
import { needsPackage, startServer } from './spawn.ts';

/** Debian's nginx as a plain proxy, which passes ranges on. */
export const nginxProxy: Contestant = nginx('nginx-proxy', () => '');

/** nginx with `slice` and `proxy_cache`, its way to cache ranges of large objects. */
export function nginxSlice(slice: '1m' | '8m'): Contestant {
  return nginx(
    `nginx-slice-${slice}`,
    () => `
      slice ${slice};
      proxy_cache bench;
      proxy_cache_key $uri$slice_range;
      proxy_cache_valid 200 206 1h;
      proxy_set_header Range $slice_range;`,
  );
}

function nginx(name: string, location: () => string): Contestant {
  return {
    name,
    role: 'peer',
    missing: needsPackage('nginx'),
    async start({ storage, folder }) {
      const port = await freePort();
      const temp = join(folder, 'temp');
      mkdirSync(temp, { recursive: true });
      const config = join(folder, 'nginx.conf');
      writeFileSync(config, configuration(storage, folder, port, location()));
      return startServer({ file: 'nginx', args: ['-c', config, '-p', folder, '-e', 'stderr'], port });
    },
  };
}

/**
 * One worker, since each contestant has one core; connections are kept alive on both sides, and nothing is logged. As in
 * Debian's settings, files are sent by `sendfile`; unlike them, `tcp_nopush` is off: with it 8 clients of ranges got only
 * 216 responses per second.
 */
function configuration(storage: Setup['storage'], folder: string, port: number, location: string): string {
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/temp/${kind};`,
  );
  return `
daemon off;
user root;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush off;
  ${temps.join('\n  ')}
  keepalive_requests 100000000;
  proxy_cache_path ${folder}/cache levels=1:2 keys_zone=bench:16m max_size=8g;
  upstream storage {
    server 127.0.0.1:${storage.port};
    keepalive 128;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host 127.0.0.1:${storage.port};
      proxy_max_temp_file_size 0;
      proxy_pass http://storage/${storage.bucket}/;${location}
    }
  }
}
`;
}
