import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAll, run } from '../commands.ts';
import { startRawServer, type RawServer } from './servers.ts';

/** A folder for downloads, and the servers of a test file. */
export interface Workspace {
  readonly folder: string;
  freshFolder(): Promise<string>;
  serveRaw(answer: Parameters<typeof startRawServer>[0]): Promise<RawServer>;
  close(): Promise<void>;
}

/** Makes a workspace in the folder for temporary files. */
export async function openWorkspace(): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), 'rangeway-get-'));
  const servers: RawServer[] = [];
  return {
    folder,
    freshFolder: () => mkdtemp(join(folder, 'case-')),
    async serveRaw(answer) {
      const server = await startRawServer(answer);
      servers.push(server);
      return server;
    },
    async close() {
      killAll();
      await Promise.all(servers.map((one) => one.close()));
      await rm(folder, { recursive: true });
    },
  };
}

/** Runs `get` in a folder, and reads which files are there then. */
export async function getIn(cwd: string, ...args: readonly string[]) {
  const { code, out, err } = await run(['get', ...args], { cwd });
  return { code, out, err, files: (await readdir(cwd)).toSorted() };
}

/** The text that raw servers have. */
export const TEXT = 'the content of a file'.repeat(50);

/** Its validator. */
export const TAG = { ETag: '"a"' };
