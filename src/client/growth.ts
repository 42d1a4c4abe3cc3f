/** How many connections a download uses, and the trial whether one more makes it faster. */
export interface Growth {
  /** Connections to use now. */
  readonly target: number;
  /** The most connections that the user allows. */
  readonly ceiling: number;
  readonly trial: Trial | undefined;
}

/** The measurement since the last change of the number of connections. */
interface Trial {
  /** Its start, in ms. */
  readonly since: number;
  /** Bytes received until then. */
  readonly received: number;
  /** The rate before it, in bytes a ms. */
  readonly rate: number;
  /** The number of connections that explains this rate. */
  readonly from: number;
  readonly type: 'measuring' | 'settled';
}

/** A measurement. */
export interface Load {
  /** In ms. */
  readonly now: number;
  /** Bytes received in total. */
  readonly received: number;
  /** Connections that receive a body. */
  readonly receiving: number;
  /** The time from a request to the first byte of its body, in ms. */
  readonly responseTime: number;
}

/** One more connection is tried if the last one has made the download faster by this factor. */
const WORTHWHILE = 1.1;

/**
 * As many again are tried if the last ones have made the download faster by this factor: one by one, eight took 1.6 s
 * at 60 ms.
 */
const PLENTIFUL = 1.25;

/**
 * The last ones are given back below this one. The eighth adds a seventh at best, and rates over such short times vary
 * by 5 %.
 */
const HELPFUL = 1.05;

/** The shortest trial, in ms. */
const MIN_TRIAL = 50;

/** The shortest time after which a connection that does not help is given back, in ms: TCP's slow start has ended. */
const MIN_SETTLE = 1_000;

/** After this time, one more connection is tried again, in ms. The conditions may have changed. */
const PROBE_INTERVAL = 10_000;

/**
 * Makes the state for a download that begins.
 *
 * @param ceiling the most connections
 */
export function initialGrowth(ceiling: number): Growth {
  return { target: 1, ceiling, trial: undefined };
}

/**
 * Adds a connection as long as the total rate grows by a tenth, as many again if it grows by a quarter, and gives back
 * those that the growth does not explain. A trial is as short as a response takes, because in slow start the rate grows
 * from one measurement to the next.
 */
export function measure(growth: Growth, load: Load): Growth {
  const { target, ceiling, trial } = growth;
  const { now, received, receiving, responseTime } = load;
  if (trial === undefined) {
    const since = { since: now, received, rate: 0, from: 1, type: 'measuring' } as const;
    return receiving === 0 ? growth : { ...growth, trial: since };
  }
  const elapsed = now - trial.since;
  if (elapsed < Math.max(MIN_TRIAL, responseTime)) return growth;
  const rate = (received - trial.received) / elapsed;
  const change = (to: number, from: number, type: Trial['type']): Growth => ({
    ...growth,
    target: to,
    trial: { since: now, received, rate, from, type },
  });
  const mayAdd = receiving >= target && target < ceiling;
  if (trial.type === 'settled') {
    return elapsed < PROBE_INTERVAL || !mayAdd ? growth : change(target + 1, target, 'measuring');
  }
  const factor = rate === 0 ? 0 : rate / trial.rate;
  const explained = factor >= HELPFUL ? Math.min(target, Math.ceil(trial.from * factor)) : trial.from;
  if (factor >= WORTHWHILE && mayAdd) {
    return change(Math.min(ceiling, factor >= PLENTIFUL ? 2 * target : target + 1), explained, 'measuring');
  }
  return elapsed < Math.max(MIN_SETTLE, 6 * responseTime) ? growth : change(explained, explained, 'settled');
}

/**
 * Uses fewer connections, because the server has refused one. One more is tried after the probe interval.
 *
 * @param connections that it has not refused
 */
export function limitTo(
  growth: Growth,
  connections: number,
  { now, received }: Pick<Load, 'now' | 'received'>,
): Growth {
  const target = Math.max(1, Math.min(growth.target, connections));
  return { ...growth, target, trial: { since: now, received, rate: 0, from: target, type: 'settled' } };
}
