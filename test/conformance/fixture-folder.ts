import { inject } from 'vitest';

/** Files of the fixtures; shared by all suites, so to be read only. */
export const fixtureFolder = inject('fixtureFolder');
