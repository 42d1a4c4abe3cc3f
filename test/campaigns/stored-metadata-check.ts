import type { WireResponse } from '../conformance/wire.ts';
import { keepAliveClient, type KeepAliveClient } from './keep-alive-client.ts';
import type { CampaignGateway } from './stored-metadata-gateways.ts';
import { TEXT_FIELDS, type StoredCase } from './stored-metadata-values.ts';

/** What one gateway said to the questions about one case, as it can be compared. */
export type Said = ReadonlyMap<string, string>;

/** Requests to one gateway at once, fewer than it takes. */
const CLIENTS = 2;

/** Asks a gateway for all cases that its driver has, over connections that are used again. */
export async function askAll(
  gateway: CampaignGateway,
  cases: readonly StoredCase[],
): Promise<ReadonlyMap<number, Said>> {
  const said = new Map<number, Said>();
  const left = cases.filter((one) => has(gateway, one));
  const work = async () => {
    const client = keepAliveClient(gateway.port);
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      try {
        said.set(one.index, await askFor(client, gateway, one));
      } catch (error) {
        throw new Error(`${gateway.name}: no answer for case ${one.index}`, { cause: error });
      }
    }
    client.close();
  };
  await Promise.all(Array.from({ length: CLIENTS }, work));
  return said;
}

function has({ driver }: CampaignGateway, { lines, texts }: StoredCase): boolean {
  switch (driver) {
    case 's3':
      return lines !== undefined;
    case 'memory':
    case 'r2':
      return texts !== undefined;
    case 'fs':
      return true;
  }
}

async function askFor(client: KeepAliveClient, gateway: CampaignGateway, { index, key }: StoredCase): Promise<Said> {
  const target = `/${encodeURIComponent(key)}`;
  const said = new Map<string, string>();
  const plain = await client.ask('GET', target);
  note(said, 'whole', plain, gateway);
  const [, etag] = plain.headers.find(([name]) => name === 'etag') ?? [];
  switch (index % 4) {
    case 0:
      note(said, 'parts', await client.ask('GET', target, 'Range: bytes=0-1,4-5\r\n'), gateway);
      break;
    case 1:
      note(said, 'head', await client.ask('HEAD', target), gateway);
      break;
    case 2:
      note(said, 'saved', await client.ask('GET', `${target}?download`), gateway);
      break;
    default:
      if (etag !== undefined)
        note(said, 'unmodified', await client.ask('GET', target, `If-None-Match: ${etag}\r\n`), gateway);
  }
  return said;
}

/** @throws Error where the answer itself can't be right */
function note(said: Map<string, string>, question: string, response: WireResponse, { driver }: CampaignGateway): void {
  const { status, headers, body } = response;
  for (const [name, value] of headers) {
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw new Error(`${question}: ${name} is ${JSON.stringify(value)}`);
    if (name === 'x-injected') throw new Error(`${question}: a stored value has made a field of its own`);
  }
  if (![200, 206, 304, 503].includes(status)) throw new Error(`${question}: ${status}`);
  said.set(`${question}: status`, String(status));
  if (status === 503) return;
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  const [, boundary] = /^multipart\/byteranges; boundary=(\w+)$/.exec(type) ?? [];
  // A stored date in the future is printed as the time of the answer (§8.8.2.1).
  const date = headers.find(([name]) => name === 'date')?.[1];
  const plain = (text: string) => (boundary === undefined ? text : text.replaceAll(boundary, 'BOUNDARY'));
  for (const name of [...TEXT_FIELDS, ...(driver === 's3' ? ['etag', 'last-modified'] : [])]) {
    const lines = headers
      .filter(([other]) => other === name)
      .map(([, value]) => (name === 'last-modified' && value === date ? 'the time of the answer' : plain(value)));
    said.set(`${question}: ${name}`, JSON.stringify(lines));
  }
  said.set(`${question}: body`, plain(Buffer.from(body).toString('latin1')));
}

/** How two gateways differ about one case; `undefined` where they don't. */
export function difference(
  [one, a]: readonly [CampaignGateway, Said],
  [two, b]: readonly [CampaignGateway, Said],
): string | undefined {
  for (const [what, value] of a) {
    if (isOwn(what, one, two)) continue;
    const other = b.get(what);
    // One of two drivers may have no tag to ask with.
    if (other === undefined && what.startsWith('unmodified')) continue;
    if (other !== value) return `${what}\n    ${one.name}: ${value}\n    ${two.name}: ${other}`;
  }
  return undefined;
}

/** What two drivers may each say in their own way. R2 keeps Expires as a date, and a folder has but names. */
function isOwn(what: string, one: CampaignGateway, two: CampaignGateway): boolean {
  if (one.driver === two.driver) return false;
  if (/: (?:etag|last-modified)$/.test(what)) return true;
  if (one.driver === 'fs' || two.driver === 'fs') return what !== 'saved: content-disposition';
  return what.endsWith(': expires') && (one.driver === 'r2' || two.driver === 'r2');
}
