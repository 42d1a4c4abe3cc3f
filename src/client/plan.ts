import { addInterval, intersectIntervals, isWhole, subtractIntervals, toIntervals } from '../http/intervals.ts';
import { totalLength } from '../http/span.ts';
import { findHanging, measureConnection, type RangeConnection } from './connection.ts';
import { initialGrowth, limitTo, measure } from './growth.ts';
import { onHead } from './plan-heads.ts';
import { openMore } from './plan-requests.ts';
import {
  canContinue,
  close,
  fail,
  hasBytes,
  keep,
  onFailure,
  restart,
  unusableResponse,
  without,
} from './plan-failures.ts';
import type { Moment, Plan, PlanEvent, Rules, Step } from './plan-types.ts';
import type { Intervals } from '../http/intervals.ts';
import type { Span } from '../http/span.ts';
import type { Version } from './verdict.ts';

/** The bytes of an earlier run, and their version. */
export interface Restored {
  readonly version: Version;
  readonly written: Intervals;
}

/** Makes the state of a download that has not begun, or that an earlier run has begun. */
export function initialPlan(rules: Rules, restored?: Restored): Plan {
  return {
    rules,
    phase: 'paused',
    version: restored?.version,
    written: restored?.written ?? [],
    pending: [],
    connections: [],
    nextId: 1,
    mode: 'parallel',
    hasRanges: restored !== undefined,
    growth: initialGrowth(rules.connections),
    failures: 0,
    lastFailure: undefined,
    progress: 0,
    unusable: 0,
    restarts: 0,
    refreshes: 0,
    repairs: 0,
    isRefreshing: false,
    refreshedAt: 0,
    notBefore: 0,
    received: 0,
    responseTime: 0,
  };
}

/**
 * Computes the next state of a download from an event. It does no I/O and reads no clock: all of it is in the event, and
 * the caller performs the actions.
 */
export function step(plan: Plan, event: PlanEvent, moment: Moment): Step {
  if (plan.phase === 'done' || plan.phase === 'failed') return keep(plan);
  switch (event.type) {
    case 'start':
    case 'resume':
      return plan.phase === 'paused' ? onResume(plan, moment) : keep(plan);
    case 'head':
      return proceed(onHead(plan, event, moment), moment);
    case 'chunk':
      return onChunk(plan, event, moment);
    case 'written':
      return onWritten(plan, event, moment);
    case 'end':
      return proceed(onEnd(plan, event, moment), moment);
    case 'failed':
      return proceed(onFailure(plan, event.id, event.reason, moment), moment);
    case 'tick':
      return plan.phase === 'transfer' ? proceed(onTick(plan, moment), moment) : keep(plan);
    case 'emptied':
      return proceed(keep({ ...plan, phase: 'transfer', written: [], pending: [] }), moment);
    case 'refreshed':
      return proceed(keep({ ...plan, isRefreshing: false, refreshedAt: moment.now }), moment);
    case 'corrupt':
      return onCorrupt(plan, event.span, moment);
    case 'verified':
      return onVerified(plan, event.bad, moment);
    case 'finished':
      return keep({ ...plan, phase: 'done' });
    case 'pause':
      return onPause(plan);
    case 'stop': {
      // The file is about to have its name, which can't be taken back.
      const isTooLate = plan.phase === 'finishing' && event.failure.code === 'aborted';
      return isTooLate ? keep(plan) : fail(plan, event.failure);
    }
  }
}

/** Goes on after an event: with verification if all bytes are there, else with the requests that are missing. */
function proceed({ plan, actions }: Step, moment: Moment): Step {
  if (plan.phase !== 'transfer') return { plan, actions };
  if (isComplete(plan)) return { plan: { ...plan, phase: 'verifying' }, actions: [...actions, { type: 'verify' }] };
  const next = openMore(plan, moment);
  return { plan: next.plan, actions: [...actions, ...next.actions] };
}

/** A connection is part of the download until its body has ended: a body that is too long is known only then. */
function isComplete({ version, written, connections, pending }: Plan): boolean {
  const isIdle = connections.length === 0 && pending.length === 0;
  return isIdle && version?.size !== undefined && isWhole(written, version.size);
}

function onResume(plan: Plan, moment: Moment): Step {
  const isLost = hasBytes(plan) && !canContinue(plan);
  const running: Plan = { ...plan, phase: 'transfer' };
  if (!isLost) return proceed(keep(running), moment);
  return restart(running, { code: 'network', reason: 'without a validator, a download can not be continued' });
}

/** Only the transfer can be paused. In other phases there is little left to do. */
function onPause(plan: Plan): Step {
  if (plan.phase !== 'transfer') return keep(plan);
  return { plan: { ...plan, phase: 'paused', connections: [] }, actions: plan.connections.map(close) };
}

function onChunk(plan: Plan, { id, length }: PlanEvent & { type: 'chunk' }, moment: Moment): Step {
  const connection = plan.connections.find((one) => one.id === id);
  if (connection === undefined || length === 0) return keep(plan);
  const { start, position, end, granted } = connection;
  const taken = Math.min(length, end - position);
  if (taken < length && end === granted) {
    // Nothing tells which of its bytes are the right ones.
    const written = subtractIntervals(plan.written, toIntervals([{ start, end: position }]));
    return proceed(unusableResponse({ ...plan, written }, id, 'a body is longer than its range', moment), moment);
  }
  const span = { start: position, end: position + taken };
  const moved: RangeConnection = { ...connection, position: span.end, lastByteAt: moment.now, isWriting: true };
  const next: Plan = {
    ...plan,
    received: plan.received + length,
    pending: addInterval(plan.pending, span),
    connections: plan.connections.map((one) => (one.id === id ? moved : one)),
  };
  const write = { type: 'write', id, span } as const;
  // After a split, the rest of its body is not needed.
  if (span.end < end || end === granted) return { plan: next, actions: [write] };
  return proceed({ plan: without(next, id), actions: [write, { type: 'close', id }] }, moment);
}

/** Failures count as failures in a row unless this many bytes were written between them. */
const ENOUGH_PROGRESS = 64 * 1024;

function onWritten(plan: Plan, { id, span }: PlanEvent & { type: 'written' }, moment: Moment): Step {
  // A write may end while all is emptied.
  if (plan.phase === 'emptying') return keep(plan);
  const spans = intersectIntervals(plan.pending, [span]);
  const progress = plan.progress + totalLength(spans);
  const connections = plan.connections.map((one) =>
    one.id === id ? { ...one, isWriting: false, lastByteAt: moment.now } : one,
  );
  const next: Plan = {
    ...plan,
    connections,
    progress,
    failures: progress >= ENOUGH_PROGRESS ? 0 : plan.failures,
    refreshes: progress >= ENOUGH_PROGRESS ? 0 : plan.refreshes,
    pending: subtractIntervals(plan.pending, [span]),
    written: spans.reduce(addInterval, plan.written),
  };
  // Requests are sent when a connection ends, and from tick to tick. Chunks come far more often.
  return connections.length === 0 ? proceed(keep(next), moment) : keep(next);
}

function onEnd(plan: Plan, { id, isUnframed }: PlanEvent & { type: 'end' }, moment: Moment): Step {
  const connection = plan.connections.find((one) => one.id === id);
  if (connection === undefined || plan.version === undefined) return keep(plan);
  const { position, end } = connection;
  if (end !== Number.POSITIVE_INFINITY) {
    return position < end ? onFailure(plan, id, 'the connection broke off', moment) : keep(without(plan, id));
  }
  const isUncertain = isUnframed && plan.version.digests.length === 0 && !plan.rules.acceptsUnframed;
  const reason = 'it tells no length, so that a broken connection looks like the end of the file';
  if (isUncertain) return fail(plan, { code: 'unusable-response', reason });
  return keep({ ...without(plan, id), version: { ...plan.version, size: position } });
}

function onTick(plan: Plan, moment: Moment): Step {
  const { now } = moment;
  const { rules, responseTime } = plan;
  const stalled = plan.connections.find((one) => !one.isWriting && now - one.lastByteAt > rules.stallTimeout);
  if (stalled !== undefined) {
    const { plan: next, actions } = onFailure(plan, stalled.id, 'the server sent nothing for too long', moment);
    return { plan: next, actions: [close(stalled), ...actions] };
  }
  // If it can't be continued, a new connection would begin at the first byte.
  const hanging = canContinue(plan) ? findHanging(plan.connections, now, rules.helpAfter, responseTime) : [];
  const connections = plan.connections
    .filter((one) => !hanging.includes(one))
    .map((one) => measureConnection(one, now));
  const receiving = connections.filter(({ state }) => state === 'receiving').length;
  const load = { now, received: plan.received, receiving, responseTime };
  // A request that is not answered is one too many for this server. It is not repeated every two seconds.
  const isOneTooMany = hanging.some(({ state }) => state === 'opening');
  const growth = isOneTooMany ? limitTo(plan.growth, receiving, load) : measure(plan.growth, load);
  return giveBack({ plan: { ...plan, connections, growth }, actions: hanging.map(close) });
}

/** Closes the connections that were opened last if there are more than are used now. */
function giveBack({ plan, actions }: Step): Step {
  const surplus = plan.connections.slice(plan.growth.target);
  const connections = plan.connections.slice(0, plan.growth.target);
  return { plan: { ...plan, connections }, actions: [...actions, ...surplus.map(close)] };
}

/** If it can't be continued, the bytes are judged at the end, with all others. */
function onCorrupt(plan: Plan, span: Span, moment: Moment): Step {
  const isLive = plan.phase === 'transfer' || plan.phase === 'paused';
  if (!isLive || plan.rules.isSequential || !canContinue(plan)) return keep(plan);
  return proceed(keep({ ...plan, written: subtractIntervals(plan.written, [span]) }), moment);
}

/** How often pieces with a wrong digest are fetched again. */
const MAX_REPAIRS = 3;

function onVerified(plan: Plan, bad: Intervals, moment: Moment): Step {
  if (bad.length === 0) return { plan: { ...plan, phase: 'finishing' }, actions: [{ type: 'finish' }] };
  if (plan.repairs >= MAX_REPAIRS || plan.rules.isSequential || !canContinue(plan)) {
    return fail(plan, { code: 'digest-mismatch', expected: undefined, actual: undefined });
  }
  const written = subtractIntervals(plan.written, bad);
  return proceed(keep({ ...plan, phase: 'transfer', written, repairs: plan.repairs + 1 }), moment);
}
