import * as v from 'valibot';
import type { LinkReader, LinkStore, LinkUsage } from '../../transfers/link-quota.ts';
import { linkReader } from '../../transfers/reader-identity.ts';
import { emptyReply, jsonReply, type Reply } from '../reply.ts';
import { count, time } from './transfers-schema.ts';

/** The use of a link, as the API prints it. */
export const LinkSchema = v.strictObject({
  id: v.string(),
  revoked: v.boolean(),
  /** Complete downloads. */
  downloads: count,
  /** Bytes that were sent, without those of requests that run. */
  bytes: count,
  /** Bytes that requests in progress have reserved. */
  reserved: count,
  /** Requests in progress that hold a reservation. */
  connections: count,
  lastSeen: v.nullable(time),
});

const BODY = 'takes an object of JSON: {"revoked": true}, or {"revoked": false}';

/** The body that revokes a link, or takes that back. */
export const LinkChange = v.strictObject({ revoked: v.boolean(BODY) }, BODY);

/** The id of a link (docs/security.md). */
const LINK_ID = /^[\w.~-]{1,64}$/;

/** Most characters of a body. */
const MAX_BODY = 4_096;

/** A request about one link. */
interface LinkApiRequest {
  readonly store: LinkStore;
  readonly id: string;
  readonly problem: (status: 400 | 404 | 409, detail: string) => Reply;
}

function readerOf(id: string): LinkReader | undefined {
  return LINK_ID.test(id) ? linkReader(id) : undefined;
}

const UNKNOWN = 'There is no link with this id that was used or revoked.';

/** Answers GET: the use of a link. */
export async function getLink({ store, id, problem }: LinkApiRequest): Promise<Reply> {
  const reader = readerOf(id);
  const link = reader && (await store.getLink(reader));
  return link === undefined ? problem(404, UNKNOWN) : jsonReply(linkToJson(id, link));
}

/** Answers PUT: revokes a link, or takes that back. The link may be one that was never used. */
export async function putLink({ store, id, problem }: LinkApiRequest, body: () => Promise<string>): Promise<Reply> {
  const reader = readerOf(id);
  if (reader === undefined) return problem(400, 'The id of a link has 1 to 64 letters, digits, -, ., _ and ~.');
  const change = parseChange(await body());
  if (change === undefined) return problem(400, `The body ${BODY}.`);
  return jsonReply(linkToJson(id, await store.setRevoked(reader, change.revoked)));
}

/** Answers DELETE: forgets the use of a link that is not revoked. */
export async function deleteLink({ store, id, problem }: LinkApiRequest): Promise<Reply> {
  const reader = readerOf(id);
  const found = reader === undefined ? 'unknown' : await store.forgetLink(reader);
  switch (found) {
    case 'forgotten':
      return emptyReply(204, []);
    case 'unknown':
      return problem(404, UNKNOWN);
    case 'revoked':
      return problem(409, 'The link is revoked. Its use is forgotten only after PUT with {"revoked": false}.');
  }
}

function parseChange(body: string): v.InferOutput<typeof LinkChange> | undefined {
  if (body.length > MAX_BODY) return undefined;
  try {
    const result = v.safeParse(LinkChange, JSON.parse(body));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

function linkToJson(id: string, { isRevoked, lastSeen, ...use }: LinkUsage): v.InferOutput<typeof LinkSchema> {
  return { id, revoked: isRevoked, ...use, lastSeen: lastSeen === undefined ? null : new Date(lastSeen).toISOString() };
}
