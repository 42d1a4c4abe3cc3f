import type { ObjectStore } from '../object-store.ts';

/**
 * A limit of the additional requests to one storage: retries, and reads that continue a body which brought few bytes.
 * All calls share it, so that a storage that fails gets less than twice the requests of one that works.
 */
export interface RetryBudget {
  /** Takes one request; returns whether the budget had one. */
  take(): boolean;
  /** Adds a fraction of a request. */
  earn(fraction: number): void;
}

/**
 * Makes a full budget.
 *
 * @param most its size in requests
 */
export function retryBudget(most = 50): RetryBudget {
  let remaining = most;
  return {
    take() {
      if (remaining < 1) return false;
      remaining--;
      return true;
    },
    earn(fraction) {
      remaining = Math.min(most, remaining + fraction);
    },
  };
}

const budgets = new WeakMap<ObjectStore, RetryBudget>();

/** Returns the budget of a store, which all wrappers around it share. A store without one gets a full budget. */
export function retryBudgetOf(store: ObjectStore): RetryBudget {
  const existing = budgets.get(store);
  if (existing !== undefined) return existing;
  const created = retryBudget();
  budgets.set(store, created);
  return created;
}

/**
 * Sets the budget of a store, so that wrappers around it share the budget of the stores below.
 *
 * @returns the same store
 */
export function withRetryBudget(store: ObjectStore, budget: RetryBudget): ObjectStore {
  budgets.set(store, budget);
  return store;
}
