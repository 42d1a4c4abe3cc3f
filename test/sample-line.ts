import type { Reporter, TestModule } from 'vitest/node';
import { isFull } from './full.ts';
import { leftOut } from './long-tests.ts';
import { RUNS, WHOLE_RUNS } from './property-runs.ts';

/** Prints one line at the end of a run: how many cases of how many were run, and how to run all. */
export const sampleLine: Reporter = {
  onTestRunEnd(modules) {
    const { run, whole } = countConformance(modules);
    if (whole === 0) return;
    console.log(
      isFull
        ? `All ${whole} conformance cases were run, and ${RUNS} of each property.\n`
        : `A SAMPLE was run: ${run} of ${whole} conformance cases, ${RUNS} of ${WHOLE_RUNS} of each property${leftOut.length === 0 ? '' : ', and none of the long tests (test/long-tests.ts)'}. RANGEWAY_FULL=1 npm test runs all.\n`,
    );
  },
};

function countConformance(modules: readonly TestModule[]) {
  let run = 0;
  let whole = 0;
  for (const module of modules) {
    for (const suite of module.children.allSuites()) {
      const { conformance } = suite.meta();
      if (conformance === undefined || suite.state() === 'skipped') continue;
      run += conformance.run;
      whole += conformance.whole;
    }
  }
  return { run, whole };
}
