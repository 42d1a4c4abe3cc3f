import * as v from 'valibot';
import { settingsError } from '../base/settings-error.ts';
import { ANONYMOUS_IDENTITIES } from '../transfers/reader-identity.ts';
import { DEFAULT_RETENTION } from '../transfers/transfer-store.ts';
import { booleanSetting, count, secretName, text } from './schema.ts';

/** By default, the file of the database of transfers on Node. */
export const DEFAULT_TRANSFERS_FILE = 'rangeway-transfers.sqlite';

/** The store of transfers. Each platform accepts some of the types. */
const store = v.variant(
  'type',
  [
    v.strictObject({
      /** In memory, until the process ends. */
      type: v.literal('memory'),
    }),
    v.strictObject({
      /** In a SQLite database in a file. */
      type: v.literal('sqlite'),
      /** Path of the database. */
      file: v.optional(text(/^[^\0]+$/, 'takes the path of a file'), DEFAULT_TRANSFERS_FILE),
    }),
    v.strictObject({
      /** In Durable Objects of the Worker. */
      type: v.literal('durable-object'),
      /** Name of the binding in wrangler.toml. */
      binding: v.optional(text(/^\w+$/, 'takes the name of a binding'), 'TRANSFERS'),
    }),
  ],
  'takes a table whose type is "memory", "sqlite" or "durable-object"',
);

/** Schema of the setting `transfers` of a mount. */
export const exactTransfers = v.literal('exact', 'takes "exact"');

/** Schema of the settings of transfers. */
export const TransfersSchema = v.strictObject(
  {
    /**
     * Store of the transfers.
     *
     * @default a SQLite file on Node, Durable Objects on Workers, memory on Lambda
     */
    store: v.optional(store),
    /**
     * Manner in which a client is recognised that has neither a link with an id nor a user name. With `"none"` its
     * requests are counted, and there are no transfers of it.
     */
    identity: v.optional(
      v.picklist(ANONYMOUS_IDENTITIES, 'takes "address-and-agent", "address" or "none"'),
      'address-and-agent',
    ),
    /**
     * How long a transfer is kept after its last request, in days. The counts of days are kept for ever, the names of
     * the readers of a day for two days.
     */
    retention: v.optional(count(3_650, 'days', 1), DEFAULT_RETENTION),
    /**
     * Number of Durable Objects. Each takes about 1,000 requests a second. It can be increased, and never decreased.
     *
     * @default 1
     * @platform workers
     */
    shards: v.optional(count(32, 'shards', 1)),
    /**
     * Key of the hashes of addresses.
     *
     * @default random at start; required on Workers
     */
    secret: v.optional(secretName),
  },
  'takes a table with the fields store, identity, retention, shards, secret',
);

/** Schema of the settings of quotas. */
export const QuotaSchema = v.strictObject(
  {
    /** Whether requests of links with an id fail with 503 while the store of transfers does not answer. */
    strict: v.optional(booleanSetting, false),
  },
  'takes a table with the field strict',
);

/** Settings of quotas with their defaults. */
export type QuotaConfig = v.InferOutput<typeof QuotaSchema>;

/**
 * Refuses settings of quotas without transfers, which count them.
 *
 * @throws SettingsError if there are such settings
 */
export function assertQuota(quota: object | undefined, hasTransfers: boolean): void {
  if (quota === undefined || hasTransfers) return;
  throw settingsError('has no effect without transfers, which count the use of links', 'quota');
}

/** Settings of transfers with their defaults. */
export type TransfersConfig = v.InferOutput<typeof TransfersSchema>;

/** Configuration of a store of transfers. */
export type TransferStoreConfig = v.InferOutput<typeof store>;

/**
 * Refuses a token of purges beside that of the administrator, which allows them too.
 *
 * @throws SettingsError if there are both
 */
export function assertOneToken(admin: object | undefined, purge: object | undefined): void {
  if (admin === undefined || purge === undefined) return;
  throw settingsError('has no effect beside admin, whose token allows purges too', 'purge');
}

/**
 * Refuses the setting `transfers` of a mount where it can have no effect.
 *
 * @param isNative whether the platform's own pipe sends bodies
 * @param where prefix of field names in the message, such as `mounts.0.`
 * @throws SettingsError that says why
 */
export function assertExact(setting: 'exact' | undefined, isNative: boolean, where = ''): void {
  if (setting === undefined || isNative) return;
  throw settingsError('has no effect here; only Workers do not count the bytes of all responses', `${where}transfers`);
}

/**
 * Refuses settings of transfers that can have no effect, or that can't work.
 *
 * @param type of the store, the platform's own if none is set; `undefined` if the platform is not known
 * @throws SettingsError that says why
 */
export function assertTransfers(
  { shards, secret, identity }: TransfersConfig,
  type: TransferStoreConfig['type'] | undefined,
  hasAdmin: boolean,
): void {
  if (!hasAdmin) throw settingsError('takes admin.token too, since only that token reads them', 'transfers');
  if (type === undefined) return;
  if (shards !== undefined && type !== 'durable-object') {
    throw settingsError(`has no effect; the store is "${type}", and not "durable-object"`, 'transfers.shards');
  }
  if (secret !== undefined && identity === 'none') {
    throw settingsError('has no effect with identity "none", which stores no hash of an address', 'transfers.secret');
  }
  if (secret === undefined && identity !== 'none' && type === 'durable-object') {
    throw settingsError(
      'is missing; without it every isolate would know a client by another name. Or set identity to "none"',
      'transfers.secret',
    );
  }
}
