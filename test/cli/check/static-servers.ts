import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isInstalled, startServer } from '../../../bench/contestants/spawn.ts';
import { freePort } from '../../../bench/free-port.ts';
import { reportSkipped } from '../../full.ts';

/** A running server of files. */
export interface StaticServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts nginx as a cache in front of a server, as a CDN is: it stores whole objects, and says so in X-Cache-Status.
 *
 * @param work an existing folder for its own files
 */
export async function startCachingProxy(origin: string, work: string): Promise<StaticServer> {
  const port = await freePort();
  const temp = join(work, 'proxy-temp');
  await mkdir(temp, { recursive: true });
  const location = `
    location / {
      proxy_pass ${origin};
      proxy_cache objects;
      proxy_cache_valid 200 1h;
      proxy_ignore_headers Cache-Control Expires;
      add_header X-Cache-Status $upstream_cache_status always;
    }`;
  const config = join(work, 'proxy.conf');
  await writeFile(
    config,
    nginxConfig({ temp, port, http: `proxy_cache_path ${temp}/cache keys_zone=objects:1m;`, server: location }),
  );
  const { stop } = await startServer({ file: 'nginx', args: ['-c', config, '-p', work, '-e', 'stderr'], port });
  return { url: `http://127.0.0.1:${port}`, stop };
}

/** The servers of files that the tests use. With `-gzip`, they compress for clients that accept it. */
export type StaticServerName = 'nginx' | 'nginx-gzip' | 'caddy' | 'caddy-gzip' | 'apache2' | 'python3';

/**
 * Whether the program of a server is installed. Without it, a line says which tests are skipped.
 *
 * @throws Error in a full run
 */
export function hasServer(name: StaticServerName): boolean {
  const program = name.replace('-gzip', '');
  if (isInstalled(program)) return true;
  reportSkipped(
    `tests against ${name}`,
    `because ${program} is not installed; the packages are in test/cli/packages.txt`,
  );
  return false;
}

/**
 * Starts a server of the files of a folder.
 *
 * @param work an existing folder for its own files
 */
export async function startStaticServer(name: StaticServerName, folder: string, work: string): Promise<StaticServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { stop } = await startServer({ ...(await commandOf(name, folder, work, port)), port });
  return { url, stop };
}

async function commandOf(name: StaticServerName, folder: string, work: string, port: number) {
  switch (name) {
    case 'python3':
      return {
        file: 'python3',
        args: ['-m', 'http.server', '--bind', '127.0.0.1', '--directory', folder, String(port)],
      };
    case 'apache2': {
      const config = join(work, 'apache2.conf');
      await writeFile(config, apacheConfig(folder, work, port));
      return { file: 'apache2', args: ['-X', '-f', config] };
    }
    case 'nginx':
    case 'nginx-gzip': {
      const config = join(work, `${name}.conf`);
      await mkdir(join(work, `${name}-temp`), { recursive: true });
      const http = `types { text/plain txt; } gzip ${name === 'nginx' ? 'off' : 'on'}; gzip_types text/plain;`;
      await writeFile(config, nginxConfig({ temp: join(work, `${name}-temp`), port, http, server: `root ${folder};` }));
      return { file: 'nginx', args: ['-c', config, '-p', work, '-e', 'stderr'] };
    }
    case 'caddy':
    case 'caddy-gzip': {
      const config = join(work, `${name}.Caddyfile`);
      const encode = name === 'caddy-gzip' ? 'encode gzip' : '';
      const site = `http://127.0.0.1:${port} {\n\troot * ${folder}\n\t${encode}\n\tfile_server\n}\n`;
      await writeFile(config, `{\n\tadmin off\n}\n${site}`);
      return { file: 'caddy', args: ['run', '--config', config, '--adapter', 'caddyfile'] };
    }
  }
}

/** The modules of Debian's package. Without `User`, it serves as the user that starts it. */
function apacheConfig(folder: string, work: string, port: number): string {
  const modules = ['mpm_event', 'authz_core'].map(
    (one) => `LoadModule ${one}_module /usr/lib/apache2/modules/mod_${one}.so`,
  );
  return `
ServerRoot ${work}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${work}/apache2.pid
ErrorLog ${work}/apache2.log
DocumentRoot ${folder}
${modules.join('\n')}
`;
}

interface NginxParts {
  readonly temp: string;
  readonly port: number;
  /** Directives for `http` and for its server. */
  readonly http: string;
  readonly server: string;
}

function nginxConfig({ temp, port, http, server }: NginxParts): string {
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${temp}/${kind};`,
  );
  return `
daemon off;
user root;
worker_processes 1;
pid ${temp}/nginx.pid;
events {}
http {
  access_log off;
  default_type application/octet-stream;
  ${temps.join('\n  ')}
  ${http}
  server {
    listen 127.0.0.1:${port};
    ${server}
  }
}
`;
}
