import { gapsWithin, subtractIntervals, type Intervals } from '../http/intervals.ts';
import type { Span } from '../http/span.ts';
import { extend, findHelp, unclaimed, type RangeConnection } from './connection.ts';
import { canContinue, close, hasBytes, keep } from './plan-failures.ts';
import type { Action, Moment, Plan, Step } from './plan-types.ts';
import type { Asked } from './verdict.ts';

/** Sends the requests that are missing, as far as the number of connections and pauses allow. */
export function openMore(plan: Plan, moment: Moment): Step {
  if (plan.isRefreshing) return keep(plan);
  let next = keep(plan);
  while (next.plan.connections.length < connectionLimit(next.plan) && moment.now >= plan.notBefore) {
    const opened = openOne(next.plan, moment);
    if (opened === undefined) return next;
    next = { plan: opened.plan, actions: [...next.actions, ...opened.actions] };
  }
  return { plan: extendOthers(next.plan), actions: next.actions };
}

/** Until the first response, and if ranges do not work, there is one connection. */
function connectionLimit(plan: Plan): number {
  const { version, hasRanges, mode, rules, growth } = plan;
  const isParallel = version?.size !== undefined && hasRanges && mode === 'parallel' && !rules.isSequential;
  return isParallel && version.validator.type !== 'none' && canContinue(plan) ? growth.target : 1;
}

/** Sends the request for a gap, or for a part of one that another connection brings. */
function openOne(plan: Plan, moment: Moment): Step | undefined {
  const { version, mode } = plan;
  const size = version?.size;
  if (size === undefined || mode === 'whole') {
    // A whole response can't be added to bytes that are there. After the last of them, only its write is waited for.
    if (plan.connections.length > 0 || (mode === 'whole' && hasBytes(plan))) return undefined;
    const asked: Asked = mode === 'whole' ? { type: 'whole' } : { type: 'range', start: 0, end: undefined };
    return request(plan, asked, { start: 0, end: Number.POSITIVE_INFINITY }, moment);
  }
  const [gap] = freeGaps(plan, size);
  if (gap !== undefined) return request(plan, { type: 'range', ...gap }, gap, moment);
  return help(plan, moment);
}

function freeGaps({ written, pending, connections }: Plan, size: number): Intervals {
  return unclaimed(subtractIntervals(gapsWithin(written, size), pending), connections);
}

function help(plan: Plan, moment: Moment): Step | undefined {
  const found = findHelp(plan.connections, moment.now, plan.rules);
  const helped = plan.connections.find(({ id }) => id === found?.id);
  if (found === undefined || helped === undefined) return undefined;
  switch (found.type) {
    case 'split': {
      const span = { start: found.at, end: helped.end };
      const connections = plan.connections.map((one) => (one === helped ? { ...one, end: found.at } : one));
      return request({ ...plan, connections }, { type: 'range', ...span }, span, moment);
    }
    case 'replace': {
      const span = { start: helped.position, end: helped.end };
      const connections = plan.connections.filter((one) => one !== helped);
      const next = request({ ...plan, connections }, { type: 'range', ...span }, span, moment);
      return { plan: next.plan, actions: [close(helped), ...next.actions] };
    }
  }
}

function request(plan: Plan, asked: Asked, { start, end }: Span, { now }: Moment): Step {
  const id = plan.nextId;
  const connection: RangeConnection = {
    id,
    asked,
    state: 'opening',
    start,
    position: start,
    end,
    granted: end,
    openedAt: now,
    lastByteAt: now,
    isWriting: false,
    rate: 0,
    measured: { at: now, position: start },
  };
  const validator = asked.type === 'whole' ? undefined : plan.version?.validator;
  const open: Action = { type: 'open', id, asked, validator: validator ?? { type: 'none' } };
  return { plan: { ...plan, nextId: id + 1, connections: [...plan.connections, connection] }, actions: [open] };
}

/** Gaps for which there is no connection are brought by those before them, if their responses have the bytes. */
function extendOthers(plan: Plan): Plan {
  const size = plan.version?.size;
  if (size === undefined) return plan;
  const free = freeGaps(plan, size);
  return free.length === 0 ? plan : { ...plan, connections: extend(plan.connections, free) };
}
