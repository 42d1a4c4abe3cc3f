import type { MiddlewareHandler } from 'hono';
import * as v from 'valibot';
import { addressOf, fieldsOf, gatewayRequestOf, type GatewayEnv } from '../gateway-request.ts';
import { respondWith } from '../handle-request.ts';
import { matchMount, ownPath, type MatchedMount, type Mount } from '../match-mount.ts';
import { jsonReply, problemReply, type Reply } from '../reply.ts';
import { readRequestContent } from '../request-content.ts';
import { tokenGuard, tokenRefusal } from '../token-guard.ts';
import { hasParameter, toSeconds, type Representation, type Span } from '../../http/index.ts';
import { storedTag } from '../../http/stored-fields.ts';
import type { ImportedRequest } from '../../observe/imported-requests.ts';
import type { TransferTracker } from '../../observe/transfers.ts';
import type { RequestStats } from '../../store/request-stats.ts';
import { mountName } from '../../transfers/transfer-store.ts';
import { STORE_FAILS } from './own-transfer.ts';
import { ImportSchema, type LoggedRequestSchema } from './transfers-schema.ts';

/** The most bytes of one import. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Answers `POST /.rangeway/transfers/import`: requests of the log of a CDN, which the gateway has not seen, count like
 * its own. It takes the token of the administrator. The version of an object is the present one, so requests that ended
 * before its date are not imported.
 */
export function importTransfers(
  transfers: TransferTracker,
  token: string,
  mounts: readonly Mount[],
): MiddlewareHandler<GatewayEnv> {
  const isAllowed = tokenGuard(token, 'admin.token');
  return (c, next) => {
    const request = gatewayRequestOf(c, 'importTransfers()');
    const { raw, routePath } = c.req;
    if (ownPath(addressOf(request.platform, raw).pathname, routePath) !== 'transfers/import') return next();
    return respondWith(c, request, async (): Promise<Reply> => {
      const problem = (status: 400 | 413 | 503, detail: string) =>
        problemReply(status, detail, request.requestId, raw.method);
      if (!(await isAllowed(fieldsOf(request.platform, raw)))) return tokenRefusal(request.requestId, raw.method);
      const content = await readRequestContent(request.platform.readContent, raw, MAX_BYTES);
      if (content.type === 'too-long') return problem(413, `An import has ${MAX_BYTES} bytes at the most.`);
      const parsed = content.type === 'complete' ? parseImport(content.bytes) : undefined;
      if (parsed === undefined) return problem(400, 'This is no import of requests.');
      const versions = versionFinder(request.stats);
      const requests: ImportedRequest[] = [];
      for (const logged of parsed.requests) {
        const found = await toImported(logged, mounts, versions);
        if (found !== undefined) requests.push(found);
      }
      try {
        await transfers.importRequests(parsed.batch, requests);
      } catch (error) {
        return { ...problem(503, STORE_FAILS), error };
      }
      return jsonReply({ imported: requests.length, skipped: parsed.requests.length - requests.length });
    });
  };
}

function parseImport(bytes: Uint8Array): v.InferOutput<typeof ImportSchema> | undefined {
  try {
    const result = v.safeParse(ImportSchema, JSON.parse(new TextDecoder().decode(bytes)));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

type FindVersion = (match: MatchedMount) => Promise<Representation | undefined>;

/** Asks the storage once for each object of an import. */
function versionFinder(stats: RequestStats): FindVersion {
  const found = new Map<string, Promise<Representation | undefined>>();
  return ({ mount, key }) => {
    const name = `${mountName(mount.location)}\0${key}`;
    const version = found.get(name) ?? mount.downloads.store.head(key, { stats });
    found.set(name, version);
    return version;
  };
}

/** @returns `undefined` if no present version of an object has these bytes */
async function toImported(
  logged: v.InferOutput<typeof LoggedRequestSchema>,
  mounts: readonly Mount[],
  findVersion: FindVersion,
): Promise<ImportedRequest | undefined> {
  const { at, endedAt, host, target, address, agent, status, range, bytes } = logged;
  const url = URL.parse(`http://${host}${target}`);
  const match = url === null ? undefined : matchMount(mounts, url, new Headers({ Host: host }), '*');
  if (match?.type !== 'found') return undefined;
  const version = await findVersion(match);
  const etag = version && storedTag(version.etag);
  if (version === undefined || etag === undefined || !etag.startsWith('"')) return undefined;
  const { size, lastModified } = version;
  // Logs have whole seconds.
  if (lastModified !== undefined && endedAt < lastModified.getTime() - 1_000) return undefined;
  const asked = status === 200 ? { start: 0, end: size } : toSpan(range, size);
  if (asked === undefined) return undefined;
  const end = Math.min(asked.end, asked.start + (bytes ?? 0));
  return {
    object: { mount: mountName(match.mount.location), key: match.key, etag, size },
    at: Math.min(at, endedAt),
    endedAt,
    status,
    asked: [asked],
    delivered: bytes === undefined ? 'unknown' : [{ start: asked.start, end }],
    downloadId: await downloadIdOf(match, address, at),
    user: undefined,
    client: address,
    userAgent: agent.slice(0, 512),
  };
}

function toSpan(range: readonly [number, number] | undefined, size: number): Span | undefined {
  if (range === undefined) return undefined;
  const [start, end] = range;
  return start < end && end <= size ? { start, end } : undefined;
}

/** The id of a signed link that was valid then. */
async function downloadIdOf(
  { mount, pathname: path, query }: MatchedMount,
  clientAddress: string,
  at: number,
): Promise<string | undefined> {
  if (mount.access === undefined || !hasParameter(query, 'rgw-id')) return undefined;
  const now = toSeconds(new Date(at));
  const verdict = await mount.access({ method: 'GET', path, query, headers: new Headers(), clientAddress, now });
  return verdict.type === 'granted' ? verdict.grant.downloadId : undefined;
}
