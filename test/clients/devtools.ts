/** Starts a headless Chromium and speaks its DevTools protocol over Node's own WebSocket. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

type Fields = Readonly<Record<string, unknown>>;

/** The result of a method, with the fields of Runtime.evaluate. */
interface Result extends Fields {
  readonly result?: { readonly value?: unknown };
  readonly exceptionDetails?: unknown;
}

/** A message of the protocol, as far as it is looked at here. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Fields;
  readonly result?: Result;
  readonly error?: { readonly message: string };
}

export interface Page {
  /** Runs an expression in the page, waits for its promise, and gives its value, which must be plain data. */
  readonly evaluate: <T>(expression: string) => Promise<T>;
}

export interface Browser {
  readonly version: string;
  readonly send: (method: string, params?: Fields) => Promise<Fields>;
  readonly on: (method: string, listener: (params: Fields) => void) => void;
  readonly open: (url: string) => Promise<Page>;
  readonly close: () => Promise<void>;
}

// Nothing but the page's own requests: no updates, no sync, no look-ups of names.
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-default-apps',
  '--disable-extensions',
  '--no-first-run',
  '--no-proxy-server',
  '--autoplay-policy=no-user-gesture-required',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
  '--remote-debugging-port=0',
];

export async function startBrowser(work: string): Promise<Browser> {
  const profile = join(work, 'profile');
  mkdirSync(profile, { recursive: true });
  const chromium = launch(profile);
  const protocol = await connect(await Promise.race([endpoint(profile), chromium.failed]));
  const { send } = protocol;
  const { product } = await send('Browser.getVersion');

  return {
    version: String(product),
    send,
    on: protocol.on,
    open: (url) => openPage(send, url),
    close: async () => {
      await send('Browser.close').catch(() => {});
      await Promise.race([chromium.ended, sleep(3000)]);
      chromium.kill();
      protocol.close();
    },
  };
}

function launch(profile: string) {
  // In the process group of this process, so a signal to that group ends Chromium and its helpers too.
  const child = spawn('chromium', [...flags, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: 'ignore',
  });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const failed = new Promise<never>((_, reject) => {
    child.once('error', () => reject(new Error('chromium is missing: apt-get install chromium')));
    child.once('exit', (code) => reject(new Error(`chromium ended with ${code}`)));
  });
  // Its end is a failure only while its start is being waited for.
  failed.catch(() => {});
  return { ended, failed, kill };
}

/** Chromium writes the port it took, and the path of its socket, into its profile. */
async function endpoint(profile: string): Promise<string> {
  for (let i = 0; i < 200; i++) {
    try {
      const [port, path] = readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n');
      if (port && path) return `ws://127.0.0.1:${port}${path}`;
    } catch {
      // Not yet.
    }
    await sleep(100);
  }
  throw new Error('chromium did not open its DevTools within 20 s');
}

async function connect(url: string) {
  const socket = new WebSocket(url);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('no connection to the DevTools of chromium')));
  });
  const waiting = new Map<number, (message: Message) => void>();
  const listeners: { readonly method: string; readonly listener: (params: Fields) => void }[] = [];
  let lastId = 0;
  socket.addEventListener('message', ({ data }) => {
    const message: Message = JSON.parse(String(data));
    if (message.id === undefined) {
      for (const { method, listener } of listeners) {
        if (method === message.method) listener(message.params ?? {});
      }
      return;
    }
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  });
  // Chromium may exit before it responds to Browser.close: without this its caller would wait forever.
  socket.addEventListener('close', () => {
    for (const answer of waiting.values()) answer({ error: { message: 'chromium closed the connection' } });
  });
  return {
    on: (method: string, listener: (params: Fields) => void) => void listeners.push({ method, listener }),
    close: () => socket.close(),
    send: async (method: string, params: Fields = {}, sessionId?: string): Promise<Result> => {
      const id = (lastId += 1);
      const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
      socket.send(JSON.stringify({ id, method, params, sessionId }));
      const { error, result } = await answer;
      if (error) throw new Error(`${method}: ${error.message}`);
      return result ?? {};
    },
  };
}

type Send = Awaited<ReturnType<typeof connect>>['send'];

async function openPage(send: Send, url: string): Promise<Page> {
  const { targetId } = await send('Target.createTarget', { url });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = await send(
      'Runtime.evaluate',
      { expression: `Promise.resolve(${expression}).then(JSON.stringify)`, awaitPromise: true },
      String(sessionId),
    );
    if (exceptionDetails) throw new Error(`in the page: ${JSON.stringify(exceptionDetails)}`);
    const value: T = JSON.parse(String(result?.value));
    return value;
  };
  const loaded = `location.href === ${JSON.stringify(url)} && document.readyState === 'complete'`;
  for (let i = 0; i < 100; i++) {
    if (await evaluate<boolean>(loaded)) return { evaluate };
    await sleep(50);
  }
  throw new Error(`${url} was not loaded within 5 s`);
}
