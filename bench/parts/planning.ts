import { decide, parseRequest, type RangePolicy, type Representation } from '../../src/http/index.ts';
import { parseSettings, toRangePolicy } from '../../src/config/settings.ts';
import { repeat } from '../measure/repeat.ts';
import type { FactPart } from './part.ts';

const RANGES = 50;

/** Calls per round: enough to be far above the resolution of the clock. */
const CALLS = 2_000;

const TERABYTE = 1_000_000_000_000;

/** CPU time that the rules of HTTP cost per request, without I/O. */
export const planning: FactPart = {
  type: 'facts',
  name: 'planning',
  title: 'Deciding a request',
  async measure(rounds) {
    const policy = toRangePolicy(parseSettings({}));
    const headers = new Headers({ Range: toField() });
    const representation = { size: TERABYTE, etag: { weak: false, opaque: 'tag' } };
    // The first rounds include compilation.
    for (let i = 0; i < 5; i++) time(headers, representation, policy);
    const value = repeat(rounds, () => time(headers, representation, policy));
    const title = `parsing, deciding and planning ${RANGES} ranges of 1 TB`;
    return [{ name: 'planning-50', title, unit: 'µs', value, max: 50 }];
  },
};

function toField(): string {
  const share = TERABYTE / RANGES;
  return `bytes=${Array.from({ length: RANGES }, (_, i) => `${i * share}-${i * share + 65_535}`).join(',')}`;
}

/** Measures CPU time, which does not depend on other programs on the same core. @returns µs per call */
function time(headers: Headers, representation: Representation, policy: RangePolicy): number {
  const start = process.cpuUsage();
  for (let i = 0; i < CALLS; i++) {
    const decision = decide(parseRequest('GET', headers, policy, 0), representation, policy);
    if (decision.status !== 206) throw new Error(`${RANGES} ranges are answered ${decision.status}`);
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / CALLS;
}
