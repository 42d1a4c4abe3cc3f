import { isDeepStrictEqual } from 'node:util';
import { describe, test } from 'vitest';
import { progressOf } from '../../src/transfers/coverage.ts';
import { packCoverage, unpackCoverage } from '../../src/transfers/packed-coverage.ts';
import { share } from '../campaigns/share.ts';
import { random } from '../faults/random.ts';
import { readerModel, type Choose, type ReaderModel } from './reader-model.ts';

/** 100,000 in campaigns. */
const HISTORIES = Math.ceil(share(100_000) / 3);

/**
 * Runs histories of one download program each, and checks them whenever all that is missing was asked for.
 *
 * @param check returns what is wrong
 */
function runHistories(
  firstSeed: number,
  knowsEnds: (choose: Choose) => boolean,
  check: (model: ReaderModel, size: number) => string | undefined,
): void {
  for (let seed = firstSeed; seed < firstSeed + HISTORIES; seed++) {
    const draws = random(seed);
    const choose: Choose = (below) => draws.int(0, below - 1);
    const size = 1 + choose(24);
    const model = readerModel(size, choose, knowsEnds);
    const assertSound = () => {
      const wrong = check(model, size);
      if (wrong === undefined) return;
      throw new Error(`history ${seed} of ${size} bytes, delivered ${model.delivered.join(',')}: ${wrong}`);
    };
    for (let step = 0; step < 12; step++) {
      model.ask();
      assertSound();
      for (let i = choose(6); i > 0; i--) {
        model.receive();
        assertSound();
      }
      for (let i = choose(3); i > 0; i--) model.end();
      if (choose(8) === 0) model.forget();
      assertSound();
    }
    while (model.openRequests() > 0) model.end();
    model.ask();
    assertSound();
  }
}

function least(counts: readonly number[]): number {
  return Math.min(...counts);
}

/** The part of the object that was delivered more than `complete` times. */
function partAbove(counts: readonly number[], complete: number): number {
  return counts.filter((count) => count > complete).length / counts.length;
}

describe(`${HISTORIES} random histories each, against one counter a byte`, () => {
  test('with known ends, exactly the delivered bytes count', () => {
    runHistories(
      0,
      () => true,
      ({ coverage, delivered }) => {
        const { complete, progress } = progressOf(coverage());
        const expected = least(delivered);
        const isExact = complete === expected && progress === partAbove(delivered, expected);
        return isExact ? undefined : `${complete} and ${progress}`;
      },
    );
  });
  test('with unknown ends, no byte counts that was not delivered, and none is lost whose end is known', () => {
    let counted = 0;
    runHistories(
      1_000_000,
      (choose) => choose(3) === 0,
      ({ coverage, delivered, reported }) => {
        const { complete, progress } = progressOf(coverage());
        counted += complete - least(reported);
        const isSound =
          complete <= least(delivered) && complete >= least(reported) && progress <= partAbove(delivered, complete);
        return isSound ? undefined : `${complete} and ${progress}`;
      },
    );
    if (counted === 0) throw new Error('no download was counted that has an unknown end in it');
  });
  test('a coverage is stored and read again', () => {
    runHistories(
      2_000_000,
      (choose) => choose(2) === 0,
      ({ coverage }, size) => {
        const text = packCoverage(coverage());
        const copy = unpackCoverage(text, size);
        return isDeepStrictEqual(copy, coverage()) ? undefined : text;
      },
    );
  });
});
