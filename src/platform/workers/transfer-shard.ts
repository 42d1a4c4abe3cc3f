import { DurableObject } from 'cloudflare:workers';
import type { ShardSettings, TransferShardStub } from '../../transfers/drivers/durable-object.ts';
import type { LinkReader, LinkUsage, QuotaReply, QuotaRequest } from '../../transfers/link-quota.ts';
import type { SqlDatabase } from '../../transfers/drivers/sql-database.ts';
import { sqlTransfers, type SqlTransfers } from '../../transfers/drivers/sql.ts';
import {
  DAY,
  DEFAULT_RETENTION,
  IDLE_TIME,
  type DownloadCounts,
  type DownloadsFilter,
  type TransferSummary,
  type TransferChange,
  type TransferDetails,
  type TransferFilter,
  type TransferPosition,
} from '../../transfers/transfer-store.ts';

/** The key of the settings in the object's storage, for alarms, which get none. */
const SETTINGS = 'settings';

/**
 * A Durable Object with the transfers of some readers in its SQLite database. Bind it as `TRANSFERS` in wrangler.toml,
 * with a migration that lists it in `new_sqlite_classes`.
 */
export class TransferShard extends DurableObject implements TransferShardStub {
  readonly #transfers: SqlTransfers;
  #settings: ShardSettings | undefined;
  #hasAlarm = false;

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    const { storage } = state;
    const database: SqlDatabase = {
      query: (sql, ...values) => storage.sql.exec(sql, ...values).toArray(),
      transaction: (work) => storage.transactionSync(work),
    };
    this.#transfers = sqlTransfers(
      database,
      () => this.#settings?.retention ?? DEFAULT_RETENTION * DAY,
      () => `${this.#settings?.shard ?? 0}-${crypto.randomUUID()}`,
    );
    void state.blockConcurrencyWhile(async () => {
      this.#settings = await storage.get<ShardSettings>(SETTINGS);
      this.#hasAlarm = (await storage.getAlarm()) !== null;
    });
  }

  async write(changes: readonly TransferChange[], settings: ShardSettings): Promise<void> {
    this.#keep(settings);
    this.#transfers.write(changes);
  }

  async reserve(request: QuotaRequest, settings: ShardSettings): Promise<QuotaReply> {
    this.#keep(settings);
    return this.#transfers.reserve(request);
  }

  async getLink(reader: LinkReader): Promise<LinkUsage | undefined> {
    return this.#transfers.getLink(reader);
  }

  async setRevoked(reader: LinkReader, isRevoked: boolean): Promise<LinkUsage> {
    return this.#transfers.setRevoked(reader, isRevoked);
  }

  async forgetLink(reader: LinkReader): Promise<'forgotten' | 'revoked' | 'unknown'> {
    return this.#transfers.forgetLink(reader);
  }

  /** Keeps the settings for alarms, and sets the first one. */
  #keep(settings: ShardSettings): void {
    if (settings.retention !== this.#settings?.retention || settings.shard !== this.#settings.shard) {
      this.#settings = settings;
      void this.ctx.storage.put(SETTINGS, settings);
    }
    if (!this.#hasAlarm) this.#setAlarm(IDLE_TIME);
  }

  async find(id: string): Promise<TransferDetails | undefined> {
    return this.#transfers.get(id);
  }

  async list(filter: TransferFilter, limit: number, after?: TransferPosition): Promise<readonly TransferSummary[]> {
    return this.#transfers.list(filter, limit, after);
  }

  async downloads(filter: DownloadsFilter, limit: number): Promise<readonly DownloadCounts[]> {
    return this.#transfers.downloads(filter, limit);
  }

  async deleteTransfer(id: string): Promise<boolean> {
    return this.#transfers.deleteTransfer(id);
  }

  async deleteReader(name: string): Promise<number> {
    return this.#transfers.deleteReader(name);
  }

  async endRequestsOf(idPrefix: string): Promise<void> {
    this.#transfers.endRequestsOf(idPrefix);
  }

  async maintain(now: number): Promise<void> {
    for (;;) {
      const next = this.#transfers.maintain(now);
      if (next === 'at-once') continue;
      this.#hasAlarm = false;
      if (next === 'never') await this.ctx.storage.deleteAlarm();
      else this.#setAlarm(next === 'when-idle' ? IDLE_TIME : DAY);
      return;
    }
  }

  override async alarm(): Promise<void> {
    await this.maintain(Date.now());
  }

  #setAlarm(delay: number): void {
    this.#hasAlarm = true;
    void this.ctx.storage.setAlarm(Date.now() + delay);
  }
}
