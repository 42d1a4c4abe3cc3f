import * as v from 'valibot';
import { settingsError } from '../base/settings-error.ts';
import { LOGGED_CLIENTS } from '../observe/log.ts';
import { secretName } from './schema.ts';

/** Schema of the settings of log entries. */
export const LogSchema = v.strictObject(
  {
    /** Form in which the address of the client is logged. */
    client: v.optional(v.picklist(LOGGED_CLIENTS, 'takes "address", "hashed" or "none"'), 'address'),
    /** Key of the hashes, for `client: "hashed"`. All processes that have it give a client the same name. */
    secret: v.optional(secretName),
  },
  'takes a table with the fields client, secret',
);

/** Settings of log entries with their defaults. */
export type LogConfig = v.InferOutput<typeof LogSchema>;

/**
 * Refuses hashes without a key, and a key without hashes.
 *
 * @throws SettingsError that says why
 */
export function assertLog({ client, secret }: LogConfig): void {
  if (client === 'hashed' && secret === undefined) {
    throw settingsError(
      'is missing; without it, a client has another name in each process and after each restart',
      'log.secret',
    );
  }
  if (client !== 'hashed' && secret !== undefined) {
    throw settingsError(`has no effect with client "${client}", which hashes nothing`, 'log.secret');
  }
}
