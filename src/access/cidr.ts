/** A block of addresses of one family: those that are equal to `bits` except in the last `free` bits. */
export interface Cidr {
  readonly family: 4 | 6;
  /** The lowest address of the block: its last `free` bits are 0. */
  readonly bits: bigint;
  /** 32 or 128, minus the length of the prefix. */
  readonly free: number;
}

type Address = Pick<Cidr, 'family' | 'bits'>;

/** The upper 96 bits of an IPv4-mapped IPv6 address, ::ffff:0:0/96 (RFC 4291 §2.5.5.2). */
const MAPPED = 0xffffn;

/**
 * Parses an address or a block, such as `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`. An IPv4-mapped address is
 * treated as IPv4. Bits after the prefix are ignored.
 *
 * @returns `undefined` for anything else, such as leading zeros (which some parsers read as octal), zone ids and white
 *   space
 */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([\da-f.:]{2,45})(?:\/(0|[1-9]\d{0,2}))?$/i.exec(text);
  const parsed = parseIpAddress(match?.[1] ?? '');
  if (match === null || parsed === undefined) return undefined;
  const width = parsed.family === 4 ? 32 : 128;
  const prefix = match[2] === undefined ? width : Number(match[2]);
  if (prefix > width) return undefined;
  const address = unmap(parsed);
  const free = width - prefix;
  // A block that is larger than the range of mapped addresses is an IPv6 block.
  const { family, bits } = free <= 32 ? address : parsed;
  return { family, bits: (bits >> BigInt(free)) << BigInt(free), free };
}

/** Whether {@link parseCidr} accepts a text. */
export function isCidr(text: string): boolean {
  return parseCidr(text) !== undefined;
}

/**
 * Whether an address is in a block. An IPv4 address is in no IPv6 block.
 *
 * @param address a malformed address is in no block
 */
export function isInCidr(address: string, block: Cidr): boolean {
  const parsed = parseIpAddress(address);
  if (parsed === undefined) return false;
  const { family, bits } = unmap(parsed);
  return family === block.family && bits >> BigInt(block.free) === block.bits >> BigInt(block.free);
}

function unmap(address: Address): Address {
  if (address.family === 4 || address.bits >> 32n !== MAPPED) return address;
  return { family: 4, bits: address.bits & 0xffff_ffffn };
}

function parseIpAddress(text: string): Address | undefined {
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

/** RFC 4291 §2.2: eight groups. `::` stands for a run of zero groups, and the last two may be written as IPv4. */
function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [before, after] = halves.map((half, i) => parseGroups(half, i === halves.length - 1));
  if (before === undefined || (halves.length === 2 && after === undefined)) return undefined;
  const groupCount = before.length + (after?.length ?? 0);
  // `::` stands for at least one group (RFC 4291 §2.2). Without it, there are eight groups.
  if (halves.length === 2 ? groupCount > 7 : groupCount !== 8) return undefined;
  const groups = [...before, ...Array.from({ length: 8 - groupCount }, () => 0n), ...(after ?? [])];
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
