/** A mistake in a command line, or in a file that it names. Printed in one line, without a stack trace. */
export interface UsageError extends Error {
  readonly name: 'UsageError';
}

/** Makes a {@link UsageError}. The message tells the mistake and what to write instead. */
export function usageError(message: string, cause?: unknown): UsageError {
  return Object.assign(new Error(message, { cause }), { name: 'UsageError' as const });
}
