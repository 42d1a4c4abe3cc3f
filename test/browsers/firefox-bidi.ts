#!/usr/bin/env node
/**
 * Starts Debian's Firefox, with its arguments, for Playwright. Playwright sends `emulation.setMediaFeaturesOverride` to
 * each new page and gives up if the command is unknown, as it is to Firefox 153, the ESR of Debian. So the address of
 * WebDriver BiDi that is printed here leads through a proxy that answers this command itself and passes on all others.
 * Colour schemes are set by a preference instead: see browsers.ts. Delete this file when the ESR knows the command.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { WebSocketServer, type WebSocket as ServerSocket } from 'ws';

const ANSWERED = 'emulation.setMediaFeaturesOverride';

interface Command {
  readonly id: number;
  readonly method: string;
}

/** Connects a client to Firefox. Commands that come before the connection is open wait for it. */
function passOn(client: ServerSocket, address: string): void {
  const firefox = new WebSocket(address);
  const opened = new Promise((resolve) => firefox.addEventListener('open', resolve));
  firefox.addEventListener('message', ({ data }) => client.send(String(data)));
  firefox.addEventListener('close', () => client.close());
  client.on('close', () => firefox.close());
  client.on('message', (data: Buffer) => {
    const text = data.toString();
    const { id, method }: Command = JSON.parse(text);
    if (method === ANSWERED) client.send(JSON.stringify({ type: 'success', id, result: {} }));
    else void opened.then(() => firefox.send(text));
  });
}

const firefox = spawn('firefox-esr', process.argv.slice(2), { stdio: ['ignore', 'inherit', 'pipe'] });
process.on('SIGTERM', () => firefox.kill());
process.on('exit', () => firefox.kill('SIGKILL'));
firefox.on('exit', (code) => process.exit(code ?? 1));
createInterface(firefox.stderr).on('line', (line) => {
  const [, start, address] = /^(WebDriver BiDi listening on )(ws:.*)$/.exec(line) ?? [];
  if (address === undefined) return console.error(line);
  const proxy = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  proxy.on('connection', (client) => passOn(client, `${address}/session`));
  proxy.on('listening', () => {
    const bound = proxy.address();
    if (bound !== null && typeof bound === 'object') console.error(`${start}ws://127.0.0.1:${bound.port}`);
  });
});
