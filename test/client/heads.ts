import type { Plan, PlanEvent, Rules, Step } from '../../src/client/plan-types.ts';
import { initialPlan, step, type Restored } from '../../src/client/plan.ts';
import type { HttpHead } from '../../src/client/verdict.ts';

/** A response head. */
export function head(status: number, fields: Readonly<Record<string, string>> = {}): HttpHead {
  return { status, fields: new Headers(fields) };
}

/** A 206 of an object of `size` bytes, half-open. */
export function partial(start: number, end: number, size: number, fields: Readonly<Record<string, string>> = TAG) {
  return head(206, {
    ...fields,
    'Content-Range': `bytes ${start}-${end - 1}/${size}`,
    'Content-Length': `${end - start}`,
  });
}

/** The fields of the version that most tests have. */
export const TAG = { ETag: '"a"' };

/** The rules of most tests. */
export const RULES: Rules = {
  connections: 4,
  onChange: 'restart',
  tries: 3,
  restarts: 2,
  stallTimeout: 30_000,
  firstPause: 100,
  splitAfter: 2_000,
  helpAfter: 2_000,
  leastHalf: 256 * 1024,
  isSequential: false,
  canRefresh: false,
  unsafeResume: false,
  acceptsUnframed: false,
};

/** Plays events against a plan, as an engine does whose fetcher and sink take no time. */
export interface Play {
  readonly plan: Plan;
  /** The actions of the last event. */
  readonly actions: Step['actions'];
  /** Passes an event. */
  on(event: PlanEvent): Play;
  /** Lets time pass, in ms, and ticks. */
  after(ms: number): Play;
  /** Receives and writes so many bytes. */
  bytes(id: number, length: number): Play;
}

/** Starts a plan. */
export function play(rules: Partial<Rules> = {}, restored?: Restored): Play {
  return playFrom({ plan: initialPlan({ ...RULES, ...rules }, restored), actions: [] }, 1_000_000).on({
    type: 'start',
  });
}

function playFrom({ plan, actions }: Step, now: number): Play {
  const on = (event: PlanEvent) => playFrom(step(plan, event, { now, jitter: 1 }), now);
  return {
    plan,
    actions,
    on,
    after: (ms) => playFrom(step(plan, { type: 'tick' }, { now: now + ms, jitter: 1 }), now + ms),
    bytes(id, length) {
      const chunk = on({ type: 'chunk', id, length });
      const write = chunk.actions.find((one) => one.type === 'write');
      if (write?.type !== 'write') return chunk;
      const written = chunk.on({ type: 'written', id, span: write.span });
      return { ...written, actions: [...chunk.actions, ...written.actions] };
    },
  };
}

/** The event of a received head. */
export function received(id: number, one: HttpHead, isReused = false): PlanEvent {
  return { type: 'head', id, head: one, isReused };
}
