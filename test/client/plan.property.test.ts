import fc from 'fast-check';
import { expect, test } from 'vitest';
import { initialPlan, step } from '../../src/client/plan.ts';
import type { Action, Plan, PlanEvent } from '../../src/client/plan-types.ts';
import { hasOverlap, type Span } from '../../src/http/span.ts';
import { random, type Random } from '../faults/random.ts';
import { holds } from '../property-runs.ts';
import { head, partial, RULES } from './heads.ts';

const SIZE = 1_000;
const EVENTS = 400;

/** The phases that a play ends with. */
const ENDS: ReadonlySet<Plan['phase']> = new Set(['failed', 'verifying'] as const);

/** A request, and the version whose bytes its response has. */
interface Exchange {
  readonly action: Action & { type: 'open' };
  version: number | undefined;
  sent: number;
}

interface Write {
  readonly id: number;
  readonly span: Span;
  readonly version: number;
}

/**
 * Plays a random order of events against a plan, for an object whose version changes, on a server that ignores
 * conditions now and then. Each byte of the file is the number of its version.
 *
 * @returns the file when the plan has it verified; `undefined` if the download fails, or the events are over
 */
function playRandomly(draw: Random): readonly number[] | undefined {
  const file: (number | undefined)[] = [];
  const exchanges = new Map<number, Exchange>();
  const writes: Write[] = [];
  let plan: Plan = initialPlan({
    ...RULES,
    restarts: 20,
    tries: 50,
    firstPause: 1,
    splitAfter: 1,
    helpAfter: 1,
    leastHalf: 10,
  });
  let now = 0;
  let version = 1;
  let isEmptying = false;
  let chunk: { readonly id: number; readonly version: number } | undefined;

  function dispatch(event: PlanEvent): void {
    const next = step(plan, event, { now, jitter: 0.5 });
    plan = next.plan;
    for (const action of next.actions) perform(action);
    const claims = plan.connections.map(({ position, end }) => ({ start: position, end: Math.min(end, SIZE) }));
    const all = [...claims, ...plan.pending, ...plan.written].filter(({ start, end }) => start < end);
    expect(hasOverlap(all), 'a byte is brought twice').toBe(false);
  }

  function perform(action: Action): void {
    if (action.type === 'open') exchanges.set(action.id, { action, version: undefined, sent: 0 });
    if (action.type === 'close') exchanges.delete(action.id);
    if (action.type === 'empty') isEmptying = true;
    if (action.type === 'write' && chunk !== undefined) writes.push({ ...chunk, span: action.span });
  }

  function finishWrite(): void {
    const [write] = writes.splice(draw.int(0, writes.length - 1), 1);
    if (write === undefined) return;
    file.length = Math.max(file.length, write.span.end);
    file.fill(write.version, write.span.start, write.span.end);
    dispatch({ type: 'written', id: write.id, span: write.span });
  }

  function answer(id: number, exchange: Exchange): void {
    const { asked, validator } = exchange.action;
    const tag = { ETag: `"v${version}"` };
    exchange.version = version;
    const isConditional = validator.type === 'tag' && draw.chance(0.5);
    const isOld = isConditional && validator.tag.opaque !== `v${version}`;
    const whole = head(200, { ...tag, 'Content-Length': String(SIZE) });
    const [start, end = SIZE] = asked.type === 'whole' ? [0] : [asked.start, asked.end];
    exchange.sent = asked.type === 'whole' || isOld ? 0 : start;
    const answers = asked.type === 'whole' || isOld ? [whole] : [partial(start, end, SIZE, tag)];
    const odd = [head(503), head(412), head(206, tag), partial(Math.max(0, start - 1), end, SIZE, tag)];
    const response = draw.chance(0.85) ? draw.pick(answers) : draw.pick(odd);
    dispatch({ type: 'head', id, head: response, isReused: false });
  }

  function proceed(id: number, exchange: Exchange): void {
    if (exchange.version === undefined) return answer(id, exchange);
    // One chunk of a connection is written at a time.
    if (writes.some((write) => write.id === id)) return;
    const { asked } = exchange.action;
    const end = asked.type === 'range' ? (asked.end ?? SIZE) : SIZE;
    const length = Math.min(draw.int(1, 200), end - exchange.sent);
    if (length <= 0) {
      exchanges.delete(id);
      return dispatch({ type: 'end', id, isUnframed: false });
    }
    exchange.sent += length;
    chunk = { id, version: exchange.version };
    dispatch({ type: 'chunk', id, length });
    chunk = undefined;
  }

  dispatch({ type: 'start' });
  for (let i = 0; i < EVENTS && !ENDS.has(plan.phase); i++) {
    now += draw.int(0, 60);
    if (draw.chance(0.01)) version++;
    const ids = [...exchanges.keys()];
    if (isEmptying && writes.length === 0) {
      isEmptying = false;
      file.length = 0;
      dispatch({ type: 'emptied' });
    } else if (writes.length > 0 && (isEmptying || draw.chance(0.5))) finishWrite();
    else if (ids.length === 0 || draw.chance(0.3)) dispatch({ type: 'tick' });
    else if (draw.chance(0.02)) dispatch({ type: 'pause' });
    else {
      const id = draw.pick(ids);
      const exchange = exchanges.get(id);
      if (exchange !== undefined && draw.chance(0.95)) proceed(id, exchange);
      else {
        exchanges.delete(id);
        dispatch({ type: 'failed', id, reason: 'reset' });
      }
    }
    if (plan.phase === 'paused') dispatch({ type: 'resume' });
  }
  if (plan.phase !== 'verifying') return undefined;
  return Array.from({ length: SIZE }, (_, position) => file[position] ?? 0);
}

test('in any order of events, a file that is verified has all bytes of one version, and no byte is brought twice', () => {
  let whole = 0;
  holds(
    fc.property(fc.integer(), (seed) => {
      const file = playRandomly(random(seed));
      if (file === undefined) return;
      whole++;
      expect(new Set(file).size).toBe(1);
      expect(file[0]).toBeGreaterThan(0);
    }),
  );
  expect(whole).toBeGreaterThan(10);
});
