/** How long what another request asked for or reads, metadata or a block, is waited for, in ms. */
export const SINGLE_FLIGHT_TIMEOUT = 10_000;

/**
 * A promise, waited for no longer than so many ms.
 *
 * @throws Error where it takes longer, and whatever the promise rejects with
 */
export function withTimeout<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it took longer than ${ms} ms`)), ms);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
