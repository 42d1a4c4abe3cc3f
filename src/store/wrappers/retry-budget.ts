import type { ObjectStore } from '../object-store.ts';

/**
 * Requests that all calls to one storage together may make beyond those that clients asked for: tries again, and
 * reads that go on behind a body which brought next to nothing. So a storage that fails is not asked twice as much as
 * one that works.
 */
export interface RetryBudget {
  /** Takes one request. @returns whether there was one left */
  take(): boolean;
  /** Earns a part of one. */
  earn(part: number): void;
}

/** Makes a budget that is full. */
export function retryBudget(most = 50): RetryBudget {
  let left = most;
  return {
    take() {
      if (left < 1) return false;
      left--;
      return true;
    },
    earn(part) {
      left = Math.min(most, left + part);
    },
  };
}

const budgets = new WeakMap<ObjectStore, RetryBudget>();

/** The budget of a store, which the wrappers around it share; a full one where it has none yet. */
export function retryBudgetOf(store: ObjectStore): RetryBudget {
  const known = budgets.get(store);
  if (known !== undefined) return known;
  const made = retryBudget();
  budgets.set(store, made);
  return made;
}

/** Makes a store spend from this budget, so that the next wrapper around it does too. @returns the store */
export function withRetryBudget(store: ObjectStore, budget: RetryBudget): ObjectStore {
  budgets.set(store, budget);
  return store;
}
