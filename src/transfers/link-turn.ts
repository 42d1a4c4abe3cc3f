import {
  dropReservations,
  newLink,
  reserveQuota,
  settleQuota,
  toLinkUse,
  type LinkReader,
  type LinkRecord,
  type LinkUsage,
  type QuotaReply,
  type QuotaRequest,
  type ReservationEnded,
} from './link-quota.ts';

/** The tables of a store that links need, as one transaction sees them. */
export interface LinkTables {
  findLink(reader: string): LinkRecord | undefined;
  /** Inserts or replaces the record of this reader. */
  saveLink(record: LinkRecord): void;
  deleteLink(reader: string): void;
  /** Lists the links with reservations. */
  reservedLinks(): readonly LinkRecord[];
  /** Returns the complete downloads and the bytes of all transfers of a reader; `undefined` if there are none. */
  readerUse(reader: string): { readonly complete: number; readonly bytesSent: number } | undefined;
  /** Deletes all transfers of a reader, and its name from the days. @returns how many transfers there were */
  deleteReader(reader: string): number;
}

/** Reserves bytes for a request of a link. */
export function reserveInTables(tables: LinkTables, request: QuotaRequest): QuotaReply {
  const { name } = request.reader;
  const before = tables.findLink(name) ?? newLink(name);
  const { record, reply } = reserveQuota(before, tables.readerUse(name)?.complete ?? 0, request);
  // A link that is refused has to be written only if its reservations have changed.
  const hasOwn = before.reservations.some(({ id }) => id === request.id);
  if (reply.type === 'granted' || hasOwn || record.bytes !== before.bytes) tables.saveLink(record);
  return reply;
}

/** Ends a request of a link. */
export function settleInTables(tables: LinkTables, change: ReservationEnded): void {
  const { name } = change.reader;
  tables.saveLink(settleQuota(tables.findLink(name) ?? newLink(name), change));
}

/** Returns the use of a link. Without a quota, it is that of its transfers. */
export function linkUseIn(tables: LinkTables, { name }: LinkReader): LinkUsage | undefined {
  const record = tables.findLink(name);
  const use = tables.readerUse(name);
  if (record === undefined && use === undefined) return undefined;
  return usageOf(record ?? newLink(name), use);
}

/** Requests without a quota are counted in transfers alone. */
function usageOf(record: LinkRecord, use: ReturnType<LinkTables['readerUse']>): LinkUsage {
  const { complete, bytesSent } = use ?? { complete: 0, bytesSent: 0 };
  return toLinkUse({ ...record, bytes: Math.max(record.bytes, bytesSent) }, complete);
}

/** Revokes a link, or takes that back. */
export function setRevokedIn(tables: LinkTables, reader: LinkReader, isRevoked: boolean): LinkUsage {
  const { name } = reader;
  const record = { ...(tables.findLink(name) ?? newLink(name)), isRevoked };
  tables.saveLink(record);
  return usageOf(record, tables.readerUse(name));
}

/** Forgets the use of a link and its transfers, unless it is revoked. */
export function forgetLinkIn(tables: LinkTables, { name }: LinkReader): 'forgotten' | 'revoked' | 'unknown' {
  const record = tables.findLink(name);
  if (record?.isRevoked === true) return 'revoked';
  tables.deleteLink(name);
  const hadTransfers = tables.deleteReader(name) > 0;
  return record !== undefined || hadTransfers ? 'forgotten' : 'unknown';
}

/** Counts the reservations of a process that has ended without reporting it. */
export function endReservationsIn(tables: LinkTables, idPrefix: string): void {
  for (const record of tables.reservedLinks()) {
    const after = dropReservations(record, idPrefix);
    if (after !== record) tables.saveLink(after);
  }
}
