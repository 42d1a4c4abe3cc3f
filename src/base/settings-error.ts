/** Thrown at start; its message names what is wrong and what it takes, and never anything secret. */
export interface SettingsError extends Error {
  readonly name: 'SettingsError';
}

/** Makes a {@link SettingsError}. */
export function settingsError(message: string, cause?: unknown): SettingsError {
  return Object.assign(new Error(message, { cause }), { name: 'SettingsError' as const });
}
