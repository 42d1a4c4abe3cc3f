import { gapsWithin, type Intervals } from '../http/intervals.ts';
import type { RangeConnection } from './connection.ts';
import type { Failure } from './download-error.ts';
import { limitTo } from './growth.ts';
import { keep, onChange, fail, tryLater, unusableResponse, without } from './plan-failures.ts';
import type { Action, Moment, Plan, PlanEvent, Step } from './plan-types.ts';
import { judge, type Verdict } from './verdict.ts';

/** A longer Retry-After than this, in ms, ends the download: the user decides whether to come back. */
const LONGEST_WAIT = 300_000;

/** How often an address may be replaced without progress. */
const MAX_REFRESHES = 3;

/** Reacts to the head of a response. */
export function onHead(plan: Plan, event: PlanEvent & { type: 'head' }, moment: Moment): Step {
  const { id, head, isReused, restored } = event;
  const connection = plan.connections.find((one) => one.id === id);
  if (connection === undefined) return { plan, actions: [{ type: 'close', id }] };
  const verdict = judge(connection.asked, plan.version, head, moment.now);
  switch (verdict.type) {
    case 'body':
      return accept(plan, connection, verdict, restored, moment);
    case 'empty':
      return closing(id, keep({ ...without(plan, id), version: verdict.version, written: [] }));
    case 'changed':
      return onChange(plan, id, verdict.reason);
    case 'unusable':
      return unusableResponse(plan, id, verdict.reason, moment, verdict.isUnpinned);
    case 'busy':
      return closing(id, onBusy(without(plan, id), verdict, moment));
    case 'expired':
    case 'refused':
      return closing(id, onRefused(without(plan, id), verdict, { isReused, openedAt: connection.openedAt }, moment));
  }
}

function closing(id: number, { plan, actions }: Step): Step {
  return { plan, actions: [{ type: 'close', id }, ...actions] };
}

/** Takes the body of a response, from its first byte to the end of the bytes that were requested. */
function accept(
  plan: Plan,
  connection: RangeConnection,
  { start, version, isPartial, ...verdict }: Verdict & { type: 'body' },
  restored: Intervals | undefined,
  { now }: Moment,
): Step {
  const end = verdict.end ?? plan.version?.size ?? Number.POSITIVE_INFINITY;
  const written = restored ?? plan.written;
  const wanted = restored === undefined ? connection.end : endOfFirstGap(restored, end);
  const received: RangeConnection = {
    ...connection,
    state: 'receiving',
    start,
    position: start,
    end: Math.min(wanted, end),
    granted: end,
    lastByteAt: now,
    measured: { at: now, position: start },
  };
  const next: Plan = {
    ...plan,
    written,
    version: plan.version ?? version,
    hasRanges: plan.hasRanges || isPartial,
    unusable: 0,
    responseTime: now - connection.openedAt,
    connections: plan.connections.map((one) => (one.id === connection.id ? received : one)),
  };
  if (received.end > start || end === 0) return keep(next);
  // Its first byte is on disk already.
  return closing(connection.id, keep(without(next, connection.id)));
}

/** @returns 0 if the first byte is not in a gap */
function endOfFirstGap(written: Intervals, size: number): number {
  const [first] = gapsWithin(written, size);
  return first?.start === 0 ? first.end : 0;
}

function onBusy(plan: Plan, { status, retryAfter, isTooMany }: Verdict & { type: 'busy' }, moment: Moment): Step {
  const failure: Failure = { code: 'http-status', status };
  if (retryAfter !== undefined && retryAfter > LONGEST_WAIT) return fail(plan, failure);
  const growth = isTooMany
    ? limitTo(plan.growth, plan.connections.length, { now: moment.now, received: plan.received })
    : plan.growth;
  return tryLater({ ...plan, growth }, failure, retryAfter, moment);
}

/**
 * The address is refused. That of an earlier redirect is given up for the first one, and the first one is replaced by a
 * fresh one. Several requests may be refused at once: those to an address that is given up already are sent again.
 */
function onRefused(
  plan: Plan,
  verdict: Verdict & { type: 'expired' | 'refused' },
  { isReused, openedAt }: { readonly isReused: boolean; readonly openedAt: number },
  moment: Moment,
): Step {
  const failure: Failure = { code: 'http-status', status: verdict.status };
  if (isReused) {
    const { plan: next, actions } = tryLater(plan, failure, undefined, moment);
    return { plan: next, actions: [{ type: 'forget-redirect' }, ...actions] };
  }
  const canRefresh = plan.rules.canRefresh && verdict.type === 'expired';
  if (canRefresh && (plan.isRefreshing || openedAt < plan.refreshedAt)) return keep(plan);
  if (!canRefresh || plan.refreshes >= MAX_REFRESHES) return fail(plan, failure);
  const refresh: Action = { type: 'refresh' };
  return { plan: { ...plan, isRefreshing: true, refreshes: plan.refreshes + 1 }, actions: [refresh] };
}
