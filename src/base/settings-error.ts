/** Thrown at start for an invalid setting. Its message names the setting and the valid form, and contains no secret. */
export interface SettingsError extends Error {
  readonly name: 'SettingsError';
}

/** One invalid setting of a {@link SettingsError}. */
export interface Mistake {
  /** The name of the setting with dots, as the message prints it; empty if the mistake is in no single setting. */
  readonly setting: string;
  /** The sentence of the message, without the name. */
  readonly text: string;
  /** The setting's place in the configuration. It may contain a secret that was written as a name: never print it. */
  readonly path: readonly string[];
  /** Whether the name is the mistake, and not the value. */
  readonly isUnknown: boolean;
}

/** Not a field of the error, because a printed error shows its fields, and a path may contain a secret. */
const mistakesOfErrors = new WeakMap<object, readonly Mistake[]>();

/**
 * Makes a {@link SettingsError}.
 *
 * @param text without secrets, because it is printed
 * @param setting the name with dots, put before the text; by default none
 */
export function settingsError(text: string, setting = '', cause?: unknown): SettingsError {
  const mistake = { setting, text, path: setting.split('.').filter((name) => name !== ''), isUnknown: false };
  return settingsErrorOf(setting === '' ? text : `${setting}: ${text}`, [mistake], cause);
}

/**
 * Makes a {@link SettingsError} of several mistakes.
 *
 * @param message without secrets
 */
export function settingsErrorOf(message: string, mistakes: readonly Mistake[], cause?: unknown): SettingsError {
  const error = Object.assign(new Error(message, { cause }), { name: 'SettingsError' as const });
  mistakesOfErrors.set(error, mistakes);
  return error;
}

/** Returns the mistakes of a {@link SettingsError}; `undefined` for any other value. */
export function mistakesOf(error: unknown): readonly Mistake[] | undefined {
  return typeof error === 'object' && error !== null ? mistakesOfErrors.get(error) : undefined;
}
