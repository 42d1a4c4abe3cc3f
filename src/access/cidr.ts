/** A block of addresses of one family: those that agree with `bits` in all but the last `free` bits. */
export interface Cidr {
  readonly family: 4 | 6;
  readonly bits: bigint;
  readonly free: number;
}

type Address = Pick<Cidr, 'family' | 'bits'>;

/** Of ::ffff:0:0/96, in which IPv4 addresses are written as IPv6 (RFC 4291 §2.5.5.2). */
const MAPPED = 0xffffn;

/**
 * Reads an address or a block, such as `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`. Mapped IPv4 counts as IPv4.
 * Bits behind the prefix are ignored.
 *
 * @returns `undefined` for anything else: leading zeros, which some read as octal, zones, white space
 */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([\da-f.:]{2,45})(?:\/(0|[1-9]\d{0,2}))?$/i.exec(text);
  const written = parseWritten(match?.[1] ?? '');
  if (match === null || written === undefined) return undefined;
  const width = written.family === 4 ? 32 : 128;
  const prefix = match[2] === undefined ? width : Number(match[2]);
  if (prefix > width) return undefined;
  const address = unmap(written);
  const free = width - prefix;
  // A block that holds more than the mapped addresses is one of IPv6.
  const { family, bits } = free <= 32 ? address : written;
  return { family, bits: (bits >> BigInt(free)) << BigInt(free), free };
}

/** Whether a text is an address or a block, as {@link parseCidr} reads them. */
export function isBlock(text: string): boolean {
  return parseCidr(text) !== undefined;
}

/** Whether an address lies in a block. What is no address lies in none; nor does IPv4 in a block of IPv6. */
export function isInCidr(address: string, block: Cidr): boolean {
  const parsed = parseWritten(address);
  if (parsed === undefined) return false;
  const { family, bits } = unmap(parsed);
  return family === block.family && bits >> BigInt(block.free) === block.bits >> BigInt(block.free);
}

function unmap(address: Address): Address {
  if (address.family === 4 || address.bits >> 32n !== MAPPED) return address;
  return { family: 4, bits: address.bits & 0xffff_ffffn };
}

function parseWritten(text: string): Address | undefined {
  if (text.length > 45) return undefined;
  const bits = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  return bits === undefined ? undefined : { family: text.includes(':') ? 6 : 4, bits };
}

function parseIpv4(text: string): bigint | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256)) {
    return undefined;
  }
  return octets.reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}

/** RFC 4291 §2.2: eight groups, one run of them written `::`, the last two perhaps as IPv4. */
function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [before, after] = halves.map((half, i) => parseGroups(half, i === halves.length - 1));
  if (before === undefined || (halves.length === 2 && after === undefined)) return undefined;
  const given = before.length + (after?.length ?? 0);
  // `::` stands for one group at the least (RFC 4291) and without it there are eight.
  if (halves.length === 2 ? given > 7 : given !== 8) return undefined;
  const groups = [...before, ...Array.from({ length: 8 - given }, () => 0n), ...(after ?? [])];
  return groups.reduce((bits, group) => (bits << 16n) | group, 0n);
}

function parseGroups(half: string, isLast: boolean): readonly bigint[] | undefined {
  if (half === '') return [];
  const groups: bigint[] = [];
  const texts = half.split(':');
  for (const [i, text] of texts.entries()) {
    const ipv4 = isLast && i === texts.length - 1 ? parseIpv4(text) : undefined;
    if (ipv4 !== undefined) groups.push(ipv4 >> 16n, ipv4 & 0xffffn);
    else if (/^[\da-f]{1,4}$/i.test(text)) groups.push(BigInt(`0x${text}`));
    else return undefined;
  }
  return groups;
}
