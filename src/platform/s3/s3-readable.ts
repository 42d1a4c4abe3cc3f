import { settingsError } from '../../base/settings-error.ts';
import { needsOtherSignatures, takesCommands } from '../../store/drivers/s3/bucket-kinds.ts';

/** @throws SettingsError for a bucket without presigned addresses, where reads are set to be presigned */
export function assertReadable(store: { readonly bucket: string; readonly reads?: string | undefined }): void {
  if (store.reads === 'presigned' && needsOtherSignatures(store.bucket)) {
    throw settingsError(`store: ${takesCommands(store.bucket)}`);
  }
}
