import { basename } from 'node:path';
import type { Contestant } from './contestant.ts';

/**
 * Adds each configuration of Rangeway again for each of these checkouts, as a peer with the name of the folder. This
 * compares an earlier commit, or measures the noise of the machine, if the checkout holds the same code.
 *
 * @param folders roots of the checkouts
 */
export function withCheckouts(contestants: readonly Contestant[], folders: readonly string[]): readonly Contestant[] {
  return contestants.flatMap((contestant) =>
    contestant.role === 'subject'
      ? [contestant, ...folders.map((folder) => inCheckout(contestant, folder))]
      : contestant,
  );
}

function inCheckout(contestant: Contestant, folder: string): Contestant {
  return {
    ...contestant,
    name: `${contestant.name}@${basename(folder)}`,
    role: 'peer',
    isOptional: true,
    start: (setup) => contestant.start({ ...setup, checkout: folder }),
  };
}
