/** A mistake in how a rule is set up: thrown at start, and never with anything secret in it. */
export function settingsError(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { name: 'SettingsError' as const });
}
