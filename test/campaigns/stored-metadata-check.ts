import type { WireResponse } from '../conformance/wire.ts';
import { keepAliveClient, type KeepAliveClient } from './keep-alive-client.ts';
import type { CampaignGateway } from './stored-metadata-gateways.ts';
import { TEXT_FIELDS, type StoredCase } from './stored-metadata-values.ts';

/** The responses of one gateway to the requests of one case, in comparable form. */
export type Said = ReadonlyMap<string, string>;

/** Parallel requests to one gateway, fewer than its limit. */
const CLIENTS = 2;

/** Requests all cases of its driver from a gateway, over persistent connections. */
export async function requestAll(
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

/** @throws Error if a response is invalid by itself */
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
  // A stored date in the future is sent as the time of the response (§8.8.2.1).
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

/** The difference between two gateways in one case; `undefined` if there is none. */
export function difference(
  [one, a]: readonly [CampaignGateway, Said],
  [two, b]: readonly [CampaignGateway, Said],
): string | undefined {
  for (const [what, value] of a) {
    if (isOwn(what, one, two)) continue;
    const other = b.get(what);
    // One of the drivers may have no entity tag for conditional requests.
    if (other === undefined && what.startsWith('unmodified')) continue;
    if (other !== value) return `${what}\n    ${one.name}: ${value}\n    ${two.name}: ${other}`;
  }
  return undefined;
}

/** Fields in which two drivers may differ. R2 stores Expires as a date, and a folder has only names. */
function isOwn(what: string, one: CampaignGateway, two: CampaignGateway): boolean {
  if (one.driver === two.driver) return false;
  if (/: (?:etag|last-modified)$/.test(what)) return true;
  if (one.driver === 'fs' || two.driver === 'fs') return what !== 'saved: content-disposition';
  return what.endsWith(': expires') && (one.driver === 'r2' || two.driver === 'r2');
}
