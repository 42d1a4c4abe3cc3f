import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLinkKeys, signLink } from '../../src/access/index.ts';
import { startServer, type Server, type Session } from './session.ts';

/** In ms, until a server prints its address. */
const LIMIT = 60_000;

/** The servers of a page. Its other commands ask the current one. */
export interface PageServers {
  /**
   * Starts the server of a command, and reads a range of it.
   *
   * @returns problems, one a line
   */
  start(command: string, isInline: boolean): Promise<readonly string[]>;
  /** The server of the page's blocks, else the last one of its sentences, else one over the samples. */
  current(): Promise<Server>;
  stop(): Promise<void>;
}

/** Reads the last four bytes, by a signed link if the server asks for one. */
async function readRange(url: string, { env }: Session): Promise<Response> {
  const init = { headers: { Range: 'bytes=-4' } };
  const response = await fetch(url, init);
  if (response.status !== 403) return response;
  const [key] = parseLinkKeys(env['RANGEWAY_KEYS'] ?? '');
  return fetch(await signLink(url, { expires: Math.floor(Date.now() / 1_000) + 60 }, key), init);
}

/** Keeps the servers of a page: one of its blocks, and one of its sentences. */
export function pageServers(session: Session, samples: string): PageServers {
  let ofBlocks: Server | undefined;
  let ofSentences: Server | undefined;
  return {
    async start(command, isInline) {
      await (isInline ? ofSentences : ofBlocks)?.stop();
      const server = await startServer(command, session, LIMIT);
      if (isInline) ofSentences = server;
      else ofBlocks = server;
      const response = await readRange(`${server.url}/hello.txt`, session);
      const length = (await response.arrayBuffer()).byteLength;
      if (response.status === 206 && length === 4) return [];
      return [`${command}: status ${response.status}, ${length} bytes for a range of 4`, server.output()];
    },
    async current() {
      const started = ofBlocks ?? ofSentences;
      if (started !== undefined) return started;
      writeFileSync(join(session.cwd, 'default.json'), '{ "purge": { "token": "RANGEWAY_PURGE_TOKEN" } }');
      ofSentences = await startServer(`rangeway serve --dir ${samples} --config default.json --port 0`, session, LIMIT);
      return ofSentences;
    },
    async stop() {
      await ofBlocks?.stop();
      await ofSentences?.stop();
    },
  };
}
