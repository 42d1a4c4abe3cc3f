import type { RangeConnection } from './connection.ts';
import type { Failure } from './download-error.ts';
import { limitTo } from './growth.ts';
import type { Action, Moment, Plan, Step } from './plan-types.ts';
import { backoff } from './retry-delay.ts';

/** Makes a step without actions. */
export function keep(plan: Plan): Step {
  return { plan, actions: [] };
}

/** Removes a connection from a plan. */
export function without(plan: Plan, id: number): Plan {
  return { ...plan, connections: plan.connections.filter((one) => one.id !== id) };
}

/** Makes the action that closes a connection. */
export function close({ id }: RangeConnection): Action {
  return { type: 'close', id };
}

/** Whether bytes of a later response may be added to those that are kept. */
export function canContinue({ version, rules, mode }: Plan): boolean {
  if (version === undefined || version.isCoded || mode === 'whole') return false;
  return version.validator.type !== 'none' || rules.unsafeResume;
}

/** Whether there are bytes on disk, or on their way to it. */
export function hasBytes({ written, pending }: Plan): boolean {
  return written.length > 0 || pending.length > 0;
}

/** Ends a download. The bytes that are written, and the journal, stay. */
export function fail(plan: Plan, failure: Failure): Step {
  const actions: readonly Action[] = [...plan.connections.map(close), { type: 'fail', failure }];
  return { plan: { ...plan, phase: 'failed', connections: [] }, actions };
}

/**
 * Begins again at the first byte. If this was done too often, or the written bytes can't be taken back, the download
 * fails.
 *
 * @param reason the failure to report then
 */
export function restart(plan: Plan, reason: Failure): Step {
  if (plan.restarts >= plan.rules.restarts || (plan.rules.isSequential && hasBytes(plan))) return fail(plan, reason);
  // The version stays if it did not change, so that a change is noticed later.
  const isKept = reason.code !== 'changed' && plan.version !== undefined && plan.version.validator.type !== 'none';
  // Servers behind one name may have different tags for the same bytes. One connection needs one response.
  const isRepeated = plan.restarts > 0 && plan.mode === 'parallel';
  const emptied: Plan = {
    ...plan,
    phase: 'emptying',
    mode: isRepeated ? 'one-by-one' : plan.mode,
    version: isKept ? plan.version : undefined,
    written: [],
    pending: [],
    connections: [],
    restarts: plan.restarts + 1,
  };
  return { plan: emptied, actions: [...plan.connections.map(close), { type: 'empty' }] };
}

/** The object changed: no byte of another version is added. */
export function onChange(plan: Plan, id: number, reason: string): Step {
  const failure: Failure = { code: 'changed', reason };
  const next = plan.rules.onChange === 'fail' ? fail(plan, failure) : restart(plan, failure);
  return { plan: next.plan, actions: [{ type: 'close', id }, ...next.actions.filter((one) => !isClose(one, id))] };
}

function isClose(action: Action, id: number): boolean {
  return action.type === 'close' && action.id === id;
}

/** A request failed, or its body broke off. The rest is asked for again, after a pause. */
export function onFailure(plan: Plan, id: number, reason: string, moment: Moment): Step {
  const connection = plan.connections.find((one) => one.id === id);
  if (connection === undefined) return keep(plan);
  const rest = without(plan, id);
  // All bytes of its range have arrived; the end of the body alone is missing.
  if (connection.state === 'receiving' && connection.position === connection.end) return keep(rest);
  const receiving = rest.connections.filter(({ state }) => state === 'receiving').length;
  const isOneTooMany = connection.state === 'opening' && receiving > 0;
  const growth = isOneTooMany
    ? limitTo(plan.growth, receiving, { now: moment.now, received: plan.received })
    : plan.growth;
  return tryLater({ ...rest, growth }, { code: 'network', reason }, undefined, moment);
}

/**
 * Counts a failure, and pauses before the next request.
 *
 * @param failure to report if there were too many
 * @param pause in ms; by default it grows with the failures
 */
export function tryLater(plan: Plan, failure: Failure, pause: number | undefined, { now, jitter }: Moment): Step {
  const { rules } = plan;
  const failures = plan.failures + 1;
  const wait = Math.max(pause ?? 0, backoff(rules.firstPause, failures, jitter));
  const notBefore = Math.max(plan.notBefore, now + wait);
  const next: Plan = { ...plan, failures, lastFailure: failure, progress: 0, notBefore };
  if (failures > rules.tries && plan.connections.length === 0) return fail(next, failure);
  return hasBytes(plan) && !canContinue(plan) ? restart(next, failure) : keep(next);
}

/** After so many unusable responses in a row, requests have no range any more. */
const MAX_UNUSABLE = 3;

/** A response does not match its request, so none of its bytes is used. */
export function unusableResponse(plan: Plan, id: number, reason: string, moment: Moment, isUnpinned = false): Step {
  const failure: Failure = { code: 'unusable-response', reason };
  const unusable = plan.unusable + 1;
  const mode = isUnpinned && plan.mode === 'parallel' ? 'one-by-one' : plan.mode;
  const next: Plan = { ...without(plan, id), unusable, mode };
  const closing: Action = { type: 'close', id };
  if (plan.mode !== 'whole' && unusable >= MAX_UNUSABLE) {
    const { plan: restarted, actions } = restart({ ...next, unusable: 0 }, failure);
    return { plan: { ...restarted, mode: 'whole' }, actions: [closing, ...actions] };
  }
  const { plan: later, actions } = tryLater(next, failure, undefined, moment);
  return { plan: later, actions: [closing, ...actions] };
}
