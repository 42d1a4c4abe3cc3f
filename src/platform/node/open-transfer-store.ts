import { DEFAULT_TRANSFERS_FILE, type TransfersConfig } from '../../config/transfers-config.ts';
import { memoryTransferStore } from '../../transfers/drivers/memory.ts';
import { sqliteTransferStore } from '../../transfers/drivers/sqlite.ts';
import type { TransferStore } from '../../transfers/transfer-store.ts';

/**
 * Opens the store of transfers of a configuration on Node, by default a SQLite file in the working directory.
 *
 * @throws SettingsError if Node does not have its type
 */
export function openTransferStore({ store, retention }: TransfersConfig): TransferStore | undefined {
  switch (store?.type) {
    case undefined:
      return sqliteTransferStore({ file: DEFAULT_TRANSFERS_FILE, retention });
    case 'sqlite':
      return sqliteTransferStore({ file: store.file, retention });
    case 'memory':
      return memoryTransferStore({ retention });
    case 'durable-object':
      return undefined;
  }
}
