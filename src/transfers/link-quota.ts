/** The reader of a signed link with an id. Any other reader of a transfer has the same fields. */
export interface LinkReader {
  /** `link:ID`. */
  readonly name: string;
  /** Selects the shard. */
  readonly shard: number;
}

/** The quotas of a signed link. All of them are for all of its requests, whatever key they read. */
export interface QuotaLimits {
  /** Most complete downloads. */
  readonly downloads?: number | undefined;
  /** Most bytes that are sent. */
  readonly bytes?: number | undefined;
  /** Most requests that run at the same time. */
  readonly connections?: number | undefined;
}

/** Asks for the right to send bytes on a link. */
export interface QuotaRequest {
  /** The reader of the link. */
  readonly reader: LinkReader;
  /** Unique among all requests of all processes; the same in all reservations of one request. */
  readonly id: string;
  /** Wall clock, ms since the epoch. */
  readonly at: number;
  readonly quota: QuotaLimits;
  /** When the link expires, in ms since the epoch. */
  readonly expires: number | undefined;
  /** The bytes that the request wants to send, beyond those that it was granted before. With 0, nothing is reserved. */
  readonly bytes: number;
  /** The bytes that it has sent so far, of those that it was granted. */
  readonly sent?: number | undefined;
  /** The size of the object in bytes; `undefined` before the storage was asked. */
  readonly size?: number | undefined;
}

/** The reason for which a request of a link is refused. */
export type QuotaReason = 'revoked' | 'downloads' | 'bytes' | 'connections';

/** The answer to a {@link QuotaRequest}. */
export type QuotaReply =
  /** `bytes` may be sent, beyond those that were granted before. */
  | { readonly type: 'granted'; readonly bytes: number }
  /** `isTemporary`: other requests of the link hold reservations, which they may not use. */
  | { readonly type: 'refused'; readonly reason: QuotaReason; readonly isTemporary: boolean };

/** The end of a request that has reserved bytes. */
export interface ReservationEnded {
  readonly type: 'settle';
  /** That of the {@link QuotaRequest}. */
  readonly id: string;
  /** Wall clock, ms since the epoch. */
  readonly at: number;
  readonly reader: LinkReader;
  /** The size of the object in bytes; `undefined` if no body was sent. */
  readonly size?: number | undefined;
  /** All bytes that were granted. */
  readonly granted: number;
  /** The bytes that were sent. */
  readonly sent: number;
  /** Whether the client has left, so that it may not have received the last of them. */
  readonly isBroken: boolean;
}

/** The use of a link. */
export interface LinkUsage {
  readonly isRevoked: boolean;
  /** Complete downloads of all transfers of the link. */
  readonly downloads: number;
  /** Bytes that were sent, without those of requests that run. */
  readonly bytes: number;
  /** Bytes that requests in progress have reserved. */
  readonly reserved: number;
  /** Requests in progress that hold a reservation. */
  readonly connections: number;
  /** ms since the epoch; `undefined` before the first request. */
  readonly lastSeen: number | undefined;
}

/** The part of a store of transfers that keeps the use of links. Each call is one atomic turn. */
export interface LinkStore {
  /** Reserves bytes for a request of a link. */
  reserve(request: QuotaRequest): Promise<QuotaReply>;
  /** @returns `undefined` if the link was neither used nor revoked */
  getLink(reader: LinkReader): Promise<LinkUsage | undefined>;
  /** Revokes a link, or takes that back. */
  setRevoked(reader: LinkReader, isRevoked: boolean): Promise<LinkUsage>;
  /**
   * Forgets the use of a link and its transfers, unless it is revoked.
   *
   * @returns `forgotten`, or the reason for which the link stays as it is
   */
  forgetLink(reader: LinkReader): Promise<'forgotten' | 'revoked' | 'unknown'>;
}

/** Bytes that a request in progress may send. */
export interface Reservation {
  readonly id: string;
  readonly bytes: number;
  /** The bytes of them that were sent when it was made or last renewed. */
  readonly sent: number;
  /** When it was made or last renewed, in ms since the epoch. */
  readonly at: number;
}

/** A link as drivers store it. */
export interface LinkRecord {
  /** The name of the reader. */
  readonly reader: string;
  readonly isRevoked: boolean;
  /** Bytes that were sent by requests that have ended. */
  readonly bytes: number;
  /** The most bytes that clients that left may not have received; at most {@link MAX_UNREAD}. */
  readonly unread: number;
  /** When two requests have last reserved bytes at the same time, in ms since the epoch. */
  readonly togetherAt: number | undefined;
  /** The largest object that was asked for, in bytes. */
  readonly size: number;
  /** ms since the epoch; `undefined` if it is not known. */
  readonly expires: number | undefined;
  /** ms since the epoch; `undefined` before the first request. */
  readonly lastSeen: number | undefined;
  readonly reservations: readonly Reservation[];
}

const MiB = 1024 * 1024;

/** Most bytes of one reservation. */
export const MAX_RESERVATION = 16 * MiB;

/** Least bytes of one reservation, as far as there are so many. */
const MIN_RESERVATION = MiB / 4;

/**
 * The most bytes that a link may be over its limit while its requests run at the same time. Near the end of a file, a
 * program with many connections asks for bytes again that another connection is still receiving: aria2 with 16 of them
 * for 5 MiB of 64. Bytes that were sent and not read count as sent.
 */
const TOLERANCE = 16 * MiB;

/** How long requests are taken to belong to a program with several connections after two of them ran together, in ms. */
const TOGETHER_TIME = 60_000;

/** The most bytes in the buffers of sockets when a client leaves. Of an 8 MiB file, 4.7 were measured. */
const SOCKET_BUFFERS = 4 * MiB;

/** The most bytes that a link may be over its limit for those that broken responses have left in these buffers. */
const MAX_UNREAD = 16 * SOCKET_BUFFERS;

/** A reservation that was not renewed for so long counts as sent, because its process is gone, in ms. */
export const RESERVATION_TIME = 3 * 60_000;

/** Makes the record of a link that was not used. */
export function newLink(reader: string): LinkRecord {
  const none = { togetherAt: undefined, expires: undefined, lastSeen: undefined, reservations: [] };
  return { reader, isRevoked: false, bytes: 0, unread: 0, size: 0, ...none };
}

/**
 * Reserves bytes of a link. A part of what remains is granted, so that all connections of a program get some.
 *
 * @param complete downloads of the link that are complete
 */
export function reserveQuota(
  before: LinkRecord,
  complete: number,
  request: QuotaRequest,
): { readonly record: LinkRecord; readonly reply: QuotaReply } {
  const { id, at, quota, bytes, sent = 0, size = 0, expires } = request;
  const settled = dropLost(before, at);
  const own = settled.reservations.find((one) => one.id === id);
  const others = settled.reservations.filter((one) => one.id !== id);
  const lastSeen = later(settled.lastSeen, at);
  const seen: LinkRecord = { ...settled, size: Math.max(settled.size, size), expires, lastSeen };
  const refuse = (reason: QuotaReason, isTemporary = false) => {
    return { record: seen, reply: { type: 'refused', reason, isTemporary } as const };
  };
  if (seen.isRevoked) return refuse('revoked');
  if (own === undefined) {
    // A program with several connections asks for parts again that it has been sent and not read.
    const isPart = isTogether(seen, at) && bytes < seen.size;
    if (complete >= (quota.downloads ?? Infinity) && !isPart) return refuse('downloads');
    if (bytes > 0 && others.length >= (quota.connections ?? Infinity)) return refuse('connections', true);
  }
  const record: LinkRecord = bytes > 0 && others.length > 0 ? { ...seen, togetherAt: at } : seen;
  if (bytes === 0 && own !== undefined) {
    const renewed = { ...record, reservations: [...others, { ...own, sent, at }] };
    return { record: renewed, reply: { type: 'granted', bytes: 0 } };
  }
  const reserved = sumOf(others) + (own?.bytes ?? 0);
  const [byBytes, byDownloads] = [bytesLimit(record, quota, at), downloadsLimit(record, quota)];
  const limit = Math.min(byBytes, byDownloads);
  const remaining = limit - record.bytes - reserved;
  if (remaining <= 0) {
    const isUnused = others.some((one) => one.bytes > one.sent);
    const isTemporary = isUnused && limit > record.bytes + (own?.bytes ?? 0);
    const reason = byBytes <= byDownloads ? 'bytes' : 'downloads';
    // The others are to know that this request has nothing to give back.
    const reservations = own === undefined ? others : [...others, { ...own, sent, at }];
    return { record: { ...record, reservations }, reply: { type: 'refused', reason, isTemporary } };
  }
  if (bytes === 0) return { record, reply: { type: 'granted', bytes: 0 } };
  const share = Number.isFinite(remaining) ? Math.max(MIN_RESERVATION, Math.floor(remaining / 8)) : MAX_RESERVATION;
  const granted = Math.min(bytes, MAX_RESERVATION, share, remaining);
  const reservations = [...others, { id, bytes: (own?.bytes ?? 0) + granted, sent, at }];
  return { record: { ...record, reservations }, reply: { type: 'granted', bytes: granted } };
}

/** The limit of `bytes`, with the tolerance for several connections and for broken responses. */
function bytesLimit(record: LinkRecord, { bytes }: QuotaLimits, at: number): number {
  return bytes === undefined ? Infinity : bytes + record.unread + (isTogether(record, at) ? TOLERANCE : 0);
}

/** Whether two requests of the link have run at the same time a short time ago. */
function isTogether({ togetherAt }: LinkRecord, at: number): boolean {
  return togetherAt !== undefined && at - togetherAt < TOGETHER_TIME;
}

/** A client that never takes the last byte completes no download, so bytes are limited too. */
function downloadsLimit({ size }: LinkRecord, { downloads }: QuotaLimits): number {
  return downloads === undefined ? Infinity : Math.ceil(downloads * size * 1.25) + 64 * MiB;
}

/** Ends a request of a link. */
export function settleQuota(before: LinkRecord, change: ReservationEnded): LinkRecord {
  const { id, at, size = 0, granted, sent, isBroken } = change;
  const isKnown = before.reservations.some((one) => one.id === id);
  // The reservation was taken for lost, and counted in full; or the store did not answer when it was asked for.
  const added = isKnown ? sent : sent - granted;
  const unread = before.unread + (isBroken ? Math.min(sent, SOCKET_BUFFERS) : 0);
  return {
    ...before,
    bytes: Math.max(0, before.bytes + added),
    unread: Math.min(MAX_UNREAD, unread),
    size: Math.max(before.size, size),
    lastSeen: later(before.lastSeen, at),
    reservations: before.reservations.filter((one) => one.id !== id),
  };
}

/** Counts the reservations whose process has ended without reporting it. */
export function dropReservations(before: LinkRecord, idPrefix: string): LinkRecord {
  return dropWhere(before, ({ id }) => id.startsWith(idPrefix));
}

function dropLost(before: LinkRecord, now: number): LinkRecord {
  return dropWhere(before, ({ at }) => now - at > RESERVATION_TIME);
}

function dropWhere(before: LinkRecord, isLost: (reservation: Reservation) => boolean): LinkRecord {
  const lost = before.reservations.filter(isLost);
  if (lost.length === 0) return before;
  const reservations = before.reservations.filter((one) => !isLost(one));
  return { ...before, bytes: before.bytes + sumOf(lost), reservations };
}

/** Returns the use of a link. */
export function toLinkUse({ isRevoked, bytes, lastSeen, reservations }: LinkRecord, downloads: number): LinkUsage {
  const [reserved, connections] = [sumOf(reservations), reservations.length];
  return { isRevoked, downloads, bytes, reserved, connections, lastSeen };
}

function sumOf(reservations: readonly Reservation[]): number {
  return reservations.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A clock that is set back does not make a link older. */
function later(before: number | undefined, at: number): number {
  return Math.max(before ?? at, at);
}
