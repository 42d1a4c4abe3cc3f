import { basename } from 'node:path';
import type { Contestant } from './contestant.ts';

/**
 * Adds each form of Rangeway once more for each of these checkouts, as a peer that has its folder's name: the commit
 * before beside the one that is measured, or the same checkout twice, which tells what the machine's noise is.
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
    start: (surroundings) => contestant.start({ ...surroundings, checkout: folder }),
  };
}
