import { FAULT_KINDS, type FaultKind } from './fault.ts';
import { startOrigin, type Origin } from './origin.ts';
import { runSchedule, type Gateway, type Scenes, type Turn } from './run.ts';
import type { Verdict } from './verdict.ts';

/** Many schedules, against one gateway. */
export interface Campaign {
  /** Of the first schedule; the others have those that follow. */
  readonly seed: number;
  readonly schedules: number;
  /** Schedules at once. */
  readonly width: number;
  /** How a schedule is run again, for the failure's message. */
  readonly file: string;
}

/** The result of a campaign. */
export interface Report {
  readonly failures: readonly string[];
  readonly turns: readonly Turn[];
}

const DEFAULT_SEED = 20_261_122;

/**
 * Reads the environment: `RANGEWAY_FAULT_SEED` runs the schedule of that seed, and the
 * `RANGEWAY_FAULT_SCHEDULES` that begin there if that is set too.
 */
export function readCampaign(file: string, schedules: number): Campaign {
  const { RANGEWAY_FAULT_SEED: seed, RANGEWAY_FAULT_SCHEDULES: count } = process.env;
  return {
    seed: toCount('RANGEWAY_FAULT_SEED', seed) ?? DEFAULT_SEED,
    schedules: toCount('RANGEWAY_FAULT_SCHEDULES', count) ?? (seed === undefined ? schedules : 1),
    width: 12,
    file,
  };
}

function toCount(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} takes a whole number, not "${text}"`);
  return Number(text);
}

/** An origin that plays the scenes that are put into `scenes`, and has nothing else. */
export async function startSceneOrigin(): Promise<{ readonly origin: Origin; readonly scenes: Scenes }> {
  const scenes: Scenes = new Map();
  const origin = await startOrigin((key) => scenes.get(key) ?? { object: undefined, fault: () => undefined });
  return { origin, scenes };
}

export async function run(
  { seed, schedules, width, file }: Campaign,
  gateway: Gateway,
  scenes: Scenes,
): Promise<Report> {
  const replay = (failed: number) => `RANGEWAY_FAULT_SEED=${failed} npx vitest run --project node ${file}`;
  const failures: string[] = [];
  const turns: Turn[] = [];
  let next = seed;
  const work = async () => {
    while (next < seed + schedules) {
      const own = next++;
      try {
        turns.push(...(await runSchedule(own, gateway, scenes, replay)));
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return { failures, turns };
}

/** The kinds of which there were too few for so many schedules to prove anything. */
export function rareKinds({ schedules }: Campaign, origin: Origin): readonly FaultKind[] {
  // Of a few schedules it says nothing.
  if (schedules < 50) return [];
  return FAULT_KINDS.filter((kind) => origin.faults(kind) < Math.floor(schedules / 20));
}

const OUTCOMES: readonly Verdict['outcome'][] = ['complete', 'error', 'broken', 'silent'];

/** A few lines that say what was done, and that it was not nothing. */
export function summarise({ seed, schedules }: Campaign, { failures, turns }: Report, origin: Origin): string {
  const count = (outcome: string) => turns.filter(({ verdict }) => verdict.outcome === outcome).length;
  const met = turns.filter(({ faults }) => faults.length > 0);
  const whole = met.filter(({ verdict }) => verdict.outcome === 'complete').length;
  return [
    `${schedules} schedules from seed ${seed}: ${failures.length} failed`,
    `${turns.length} answers: ${OUTCOMES.map((outcome) => `${count(outcome)} ${outcome}`).join(', ')}`,
    `${met.length} answers met faults, ${whole} of them were complete all the same`,
    `${origin.requests()} storage requests, with ${FAULT_KINDS.map((kind) => `${origin.faults(kind)} ${kind}`).join(', ')}`,
  ].join('\n');
}
