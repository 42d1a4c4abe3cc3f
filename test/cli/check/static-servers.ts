import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, isInstalled, startServer } from '../../../bench/contestants/spawn.ts';
import { reportSkipped } from '../../full.ts';

/** A running server of files. */
export interface StaticServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The servers of files that the tests use. With `-gzip`, they compress for clients that accept it. */
export type StaticServerName = 'nginx' | 'nginx-gzip' | 'caddy' | 'caddy-gzip' | 'python3';

/**
 * Whether the program of a server is installed. Without it, a line says which tests are skipped.
 *
 * @throws Error in a full run
 */
export function hasServer(name: StaticServerName): boolean {
  const program = name.replace('-gzip', '');
  if (isInstalled(program)) return true;
  reportSkipped(
    `check against ${name}`,
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
    case 'nginx':
    case 'nginx-gzip': {
      const config = join(work, `${name}.conf`);
      await mkdir(join(work, `${name}-temp`), { recursive: true });
      await writeFile(config, nginxConfig(folder, join(work, `${name}-temp`), port, name === 'nginx-gzip'));
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

function nginxConfig(folder: string, temp: string, port: number, isCompressed: boolean): string {
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
  types { text/plain txt; }
  default_type application/octet-stream;
  gzip ${isCompressed ? 'on' : 'off'};
  gzip_types text/plain;
  ${temps.join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    root ${folder};
  }
}
`;
}
