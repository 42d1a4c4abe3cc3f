import * as v from 'valibot';
import type { LinkReader, LinkStore, LinkUsage } from '../../transfers/link-quota.ts';
import { linkReader } from '../../transfers/reader-identity.ts';
import type { ReadContent } from '../request-content.ts';
import { emptyReply, jsonReply, type Reply } from '../reply.ts';
import { LINK_CHANGE_FORM, LinkChange, type LinkSchema } from './transfers-schema.ts';

/** The id of a link (docs/security.md). */
const LINK_ID = /^[\w.~-]{1,64}$/;

/** Most bytes of a body. */
const MAX_BODY = 4_096;

/** A request about one link. */
interface LinkApiRequest {
  readonly store: LinkStore;
  readonly id: string;
  readonly problem: (status: 400 | 404 | 409 | 413, detail: string) => Reply;
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
export async function putLink({ store, id, problem }: LinkApiRequest, body: ReadContent): Promise<Reply> {
  const reader = readerOf(id);
  if (reader === undefined) return problem(400, 'The id of a link has 1 to 64 letters, digits, -, ., _ and ~.');
  const content = await body(MAX_BODY);
  if (content.type === 'too-long') return problem(413, `The body has ${MAX_BODY} bytes at the most.`);
  const change = content.type === 'complete' ? parseChange(new TextDecoder().decode(content.bytes)) : undefined;
  if (change === undefined) return problem(400, `The body ${LINK_CHANGE_FORM}.`);
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
