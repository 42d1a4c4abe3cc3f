import { printHttpDate, printRange, toSeconds } from '../../src/http/index.ts';
import type { HeaderLine } from '../conformance/case.ts';
import type { WireRequest } from '../conformance/wire.ts';
import { fetchRaw } from './client.ts';
import { drawFault, type Fault, type FaultKind } from './fault.ts';
import type { Scene } from './origin.ts';
import { random } from './random.ts';
import { makeSchedule, type Download, type Schedule, type Validator } from './schedule.ts';
import type { StoredObject } from './stored-object.ts';
import { judge, type Verdict } from './verdict.ts';

/** A gateway over the origin. */
export interface Gateway {
  readonly url: string;
  /** Whether it reads on where a body of the storage breaks off. */
  readonly resumes: boolean;
  /** How long its clients wait for a byte once the storage has stalled, in ms. */
  readonly patience: number;
}

/** One download's turn: what was asked, what went wrong, and what came of it. */
export interface Turn {
  readonly request: WireRequest;
  readonly faults: readonly Fault[];
  readonly verdict: Verdict;
}

/** How long clients wait for a byte where nothing has stalled, in ms: for ever, but for a gateway that hangs. */
const LIMIT = 20_000;

/** The scenes of the origin, by key. A key is `SEED/DOWNLOAD/OBJECT`, so each request tells whose turn it is. */
export type Scenes = Map<string, Scene>;

/**
 * Runs the downloads of a schedule one after the other, on objects that change under them.
 *
 * @throws Error that shows the schedule and what must not have been, and says how to see it again
 */
export async function runSchedule(
  seed: number,
  gateway: Gateway,
  scenes: Scenes,
  replay: (seed: number) => string,
): Promise<readonly Turn[]> {
  const schedule = makeSchedule(seed);
  const turns: Turn[] = [];
  for (const [i, download] of schedule.downloads.entries()) {
    const turn = await runDownload(schedule, i, download, gateway, scenes);
    turns.push(turn);
    const reasons = [...turn.verdict.reasons, ...checkSurvival(turn, gateway)];
    if (reasons.length > 0) throw new Error(describe(schedule, turns, reasons, replay(seed)));
  }
  return turns;
}

async function runDownload(
  { seed, objects }: Schedule,
  i: number,
  download: Download,
  gateway: Gateway,
  scenes: Scenes,
): Promise<Turn> {
  const object = download.object === undefined ? undefined : objects[download.object];
  const key = `${seed}/${i}/${download.object ?? 'nothing'}`;
  const faults: Fault[] = [];
  let requests = 0;
  scenes.set(key, {
    object,
    fault(occasion) {
      const fault = drawFault(random(seed, i, requests++), occasion);
      if (fault !== undefined) faults.push(fault);
      return fault;
    },
  });
  const request = { method: download.method, target: `/${key}`, headers: toHeaders(download, object) };
  const hasStalled = () => faults.some(({ kind }) => kind === 'stall');
  const patience = () => (hasStalled() ? gateway.patience : LIMIT);
  try {
    const received = await fetchRaw(new URL(gateway.url), request, patience);
    return { request, faults, verdict: judge(request, received, object) };
  } catch (error) {
    const reasons = [error instanceof Error ? error.message : String(error)];
    return { request, faults, verdict: { outcome: 'broken', reasons } };
  }
}

function toHeaders({ range, ifRange, ifMatch, ifNoneMatch }: Download, object: StoredObject | undefined) {
  const lines: HeaderLine[] = range.length === 0 ? [] : [['Range', printRange(range)]];
  if (ifRange !== undefined) lines.push(['If-Range', toValue(ifRange, object)]);
  if (ifMatch !== undefined) lines.push(['If-Match', toValue(ifMatch, object)]);
  if (ifNoneMatch !== undefined) lines.push(['If-None-Match', toValue(ifNoneMatch, object)]);
  return lines;
}

function toValue(validator: Validator, object: StoredObject | undefined): string {
  const { versions = [], current = 0 } = object ?? {};
  switch (validator) {
    case 'current tag':
      return `"${versions[current]?.tag ?? 'none'}"`;
    case 'old tag':
      return `"${versions[current - 1]?.tag ?? 'before-the-first'}"`;
    case 'current date':
      return printHttpDate(toSeconds(versions[current]?.lastModified ?? new Date(0)));
  }
}

/** Faults of a body, after which there is a storage that can be asked for the rest. */
const BREAKS: ReadonlySet<FaultKind> = new Set(['reset', 'early-end', 'stall']);

/** Breaks in a row that a gateway which resumes has to make up for, whether or not a byte came in between. */
const MOST_BREAKS = 3;

/** An answer that is not whole has to have a reason. */
function checkSurvival({ faults, verdict }: Turn, { resumes }: Gateway): readonly string[] {
  if (verdict.outcome === 'complete') return [];
  const grave = faults.filter(({ kind }) => kind !== 'slow');
  if (grave.length === 0) return [`${verdict.outcome}, though nothing was wrong`];
  const isMended = resumes && grave.length <= MOST_BREAKS && grave.every(({ kind }) => BREAKS.has(kind));
  return isMended ? [`${verdict.outcome}, though all that broke could be read on`] : [];
}

function describe(schedule: Schedule, turns: readonly Turn[], reasons: readonly string[], replay: string): string {
  const objects = schedule.objects.map(({ versions, current }, i) => {
    const list = versions.map(({ bytes, tag }) => `${tag} (${bytes.length} bytes)`);
    return `object ${i}: ${list.join(', ')}; now version ${current}`;
  });
  const lines = turns.map(({ request, faults, verdict }) => {
    const { method, target, headers } = request;
    const fields = headers.map(([name, value]) => `${name}: ${value}`);
    return `${method} ${target} ${fields.join('; ')}\n    faults ${JSON.stringify(faults)}\n    ${verdict.outcome}`;
  });
  return [`schedule ${schedule.seed}: ${reasons.join('; ')}`, ...objects, ...lines, `again: ${replay}`].join('\n  ');
}
