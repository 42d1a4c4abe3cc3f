import { settingsError } from '../../base/settings-error.ts';
import { needsSessionOrSigV4a, commandsNeededMessage } from '../../store/drivers/s3/bucket-kinds.ts';

/**
 * Checks that a bucket can be read in the way that `reads` sets.
 *
 * @throws SettingsError if `reads` is `presigned` and the kind of bucket does not support presigned addresses
 */
export function assertReadable(store: { readonly bucket: string; readonly reads?: string | undefined }): void {
  if (store.reads === 'presigned' && needsSessionOrSigV4a(store.bucket)) {
    throw settingsError(commandsNeededMessage(store.bucket), 'reads');
  }
}
