import * as v from 'valibot';
import { FIGURE_NAMES } from '../measure/figures.ts';

const SpreadSchema = v.object({ median: v.number(), min: v.number(), max: v.number() });

const CellNameSchema = v.object({ contestant: v.string(), workload: v.string() });

const BoundSchema = v.union([
  v.object({ min: v.number() }),
  v.object({ max: v.number() }),
  v.object({ maxDifference: v.number() }),
]);

/** A target, and the ratio or difference that was measured; `open` is the reason if there is none. */
const TargetRecordSchema = v.object({
  subject: CellNameSchema,
  reference: CellNameSchema,
  figure: v.picklist(FIGURE_NAMES),
  bound: BoundSchema,
  found: v.optional(SpreadSchema),
  open: v.optional(v.string()),
});

/**
 * A figure of one of Rangeway's contestants, divided by that of each reference. A ratio is a spread over the rounds, the
 * failure of the reference, or null if one of the two figures is 0. A reference without an entry was not measured.
 */
const ComparisonSchema = v.object({
  workload: v.string(),
  contestant: v.string(),
  figure: v.picklist(FIGURE_NAMES),
  ratios: v.record(v.string(), v.union([SpreadSchema, v.string(), v.null()])),
});

/** A workload that one of Rangeway's contestants failed in every round. */
const FailureSchema = v.object({ workload: v.string(), contestant: v.string(), failure: v.string() });

/** A contestant in a workload: medians of its figures in the units of `Figures`, and the cores that were busy. */
const CellSchema = v.object({
  workload: v.string(),
  contestant: v.string(),
  medians: v.optional(v.record(v.picklist(FIGURE_NAMES), v.optional(v.number()))),
  /** Busy cores of the contestant, and of load generator and origin together, in the same round. */
  contestantCores: v.optional(v.number()),
  helperCores: v.optional(v.number()),
});

/** A measurement without servers. */
const FactRecordSchema = v.object({
  name: v.string(),
  title: v.string(),
  unit: v.picklist(['µs', 'ms', 's', 'bytes']),
  value: v.optional(SpreadSchema),
  /** `ratio` is absent if the peer's value is 0. */
  peer: v.optional(v.object({ name: v.string(), value: v.optional(SpreadSchema), ratio: v.optional(v.number()) })),
  /** The target `max` in the fact's unit, and the value divided by it. */
  limit: v.optional(v.object({ max: v.number(), share: SpreadSchema })),
  note: v.optional(v.string()),
});

const PartRecordSchema = v.object({
  part: v.string(),
  title: v.string(),
  /** Day of the run. */
  date: v.pipe(v.string(), v.isoDate()),
  commit: v.optional(v.string()),
  machine: v.record(v.string(), v.string()),
  versions: v.record(v.string(), v.string()),
  rounds: v.number(),
  /** Length of a timed run, in seconds. */
  seconds: v.number(),
  /** Size of the large object, in bytes. */
  large: v.number(),
  pinned: v.boolean(),
  /** The same code beside itself (A/A): its ratios over all workloads. */
  noise: v.optional(SpreadSchema),
  /** Sentences about the run that a reader needs to judge it. */
  notes: v.optional(v.array(v.string())),
  targets: v.array(TargetRecordSchema),
  /** The contestants that Rangeway is divided by, in the order of the columns. */
  references: v.array(v.string()),
  comparisons: v.array(v.union([ComparisonSchema, FailureSchema])),
  cells: v.array(CellSchema),
  facts: v.array(FactRecordSchema),
  skipped: v.array(v.string()),
  /** Earlier figures that do not fit the other members, as lines of Markdown. */
  older: v.optional(v.array(v.string())),
});

/** The results of one part on record: the content of `bench/results/PART.json`. */
export type PartRecord = Readonly<v.InferOutput<typeof PartRecordSchema>>;
/** A target and its measurement. */
export type TargetRecord = PartRecord['targets'][number];
/** The ratios of one figure, or the failure of a contestant. */
export type ComparisonRecord = PartRecord['comparisons'][number];
/** Medians and busy cores of a contestant in a workload. */
export type CellRecord = PartRecord['cells'][number];
/** A measurement without servers. */
export type FactRecord = PartRecord['facts'][number];

/**
 * Reads the text of a record.
 *
 * @throws SyntaxError or ValiError if the text is not a record
 */
export function parseRecord(text: string): PartRecord {
  return v.parse(PartRecordSchema, JSON.parse(text));
}

/** Formats a record as JSON with one line for each entry of a list, so that a new run has a readable diff. */
export function formatRecord(record: PartRecord): string {
  const members = Object.entries(record).flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${JSON.stringify(name)}: ${formatMember(value)}`],
  );
  return `{\n${members.join(',\n')}\n}\n`;
}

function formatMember(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0) return JSON.stringify(value);
  return `[\n${value.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n')}\n  ]`;
}
