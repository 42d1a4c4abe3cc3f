import {
  checkCache,
  checkCachedRange,
  checkExpiry,
  checkExposedFields,
  checkFileName,
  checkHead,
  checkPreflight,
  checkRedirects,
} from './delivery-checks.ts';
import { checkDigests } from './digest-check.ts';
import type { Evidence, Finding } from './evidence.ts';
import {
  checkAcceptRanges,
  checkBeyondEnd,
  checkLength,
  checkOpenRange,
  checkRange,
  checkSeveralRanges,
  checkSuffix,
} from './range-checks.ts';
import {
  checkClock,
  checkCompression,
  checkIfMatch,
  checkIfNoneMatch,
  checkIfRangeCurrent,
  checkIfRangeDate,
  checkIfRangeOld,
  checkStability,
  checkTag,
} from './validator-checks.ts';

/** All checks, in the order in which they are printed. */
const CHECKS = [
  { name: 'redirects', judge: checkRedirects },
  { name: 'length', judge: checkLength },
  { name: 'accept-ranges', judge: checkAcceptRanges },
  { name: 'range', judge: checkRange },
  { name: 'open-range', judge: checkOpenRange },
  { name: 'suffix-range', judge: checkSuffix },
  { name: 'range-beyond-end', judge: checkBeyondEnd },
  { name: 'several-ranges', judge: checkSeveralRanges },
  { name: 'entity-tag', judge: checkTag },
  { name: 'same-version', judge: checkStability },
  { name: 'if-range', judge: checkIfRangeCurrent },
  { name: 'if-range-old', judge: checkIfRangeOld },
  { name: 'if-range-date', judge: checkIfRangeDate },
  { name: 'if-none-match', judge: checkIfNoneMatch },
  { name: 'if-match-old', judge: checkIfMatch },
  { name: 'head', judge: checkHead },
  { name: 'compression', judge: checkCompression },
  { name: 'cors-preflight', judge: checkPreflight },
  { name: 'cors-exposed', judge: checkExposedFields },
  { name: 'cache', judge: checkCache },
  { name: 'cached-range', judge: checkCachedRange },
  { name: 'link-expiry', judge: checkExpiry },
  { name: 'clock', judge: checkClock },
  { name: 'file-name', judge: checkFileName },
  { name: 'digests', judge: checkDigests },
] as const satisfies readonly { readonly name: string; readonly judge: (evidence: Evidence) => Finding }[];

/** The name of a check. */
export type CheckName = (typeof CHECKS)[number]['name'];

/** The verdict of a check, with its name. */
export interface NamedFinding extends Finding {
  readonly name: CheckName;
}

/** Judges all that the requests have shown. Pure. */
export function judgeAll(evidence: Evidence): readonly NamedFinding[] {
  return CHECKS.map(({ name, judge }) => Object.assign({ name }, judge(evidence)));
}
