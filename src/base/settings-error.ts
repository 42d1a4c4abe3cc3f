/** Thrown at start for an invalid setting. Its message names the setting and the valid form, and contains no secret. */
export interface SettingsError extends Error {
  readonly name: 'SettingsError';
}

/**
 * Makes a {@link SettingsError}.
 *
 * @param message without secrets, because it is printed
 */
export function settingsError(message: string, cause?: unknown): SettingsError {
  return Object.assign(new Error(message, { cause }), { name: 'SettingsError' as const });
}
