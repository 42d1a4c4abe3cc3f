/** When checkpoints are made. */
export interface CheckpointRules {
  /** One is started after so many bytes. */
  readonly bytes: number;
  /** Or after this time, if there are new bytes, in ms. */
  readonly interval: number;
  /** Writes wait if so many bytes would be lost in a crash: the disk is slower than the network. */
  readonly maxAtRisk: number;
}

/** A crash loses at most 64 MiB, or what two seconds bring. */
export const CHECKPOINT_RULES: CheckpointRules = {
  bytes: 16 * 1024 * 1024,
  interval: 1_000,
  maxAtRisk: 64 * 1024 * 1024,
};

/** Saves the state of the bytes on disk from time to time. */
export interface Checkpoints {
  /** Resolves when `length` more bytes may be written. */
  admit(length: number): Promise<void>;
  /** Bytes were written, or time has passed. `now` in ms. */
  note(now: number): void;
  /** Saves all that was written until now. */
  flush(): Promise<void>;
  /** Saves nothing more, and waits for a checkpoint in progress. */
  stop(): Promise<void>;
}

/**
 * Makes checkpoints.
 *
 * @param save makes the bytes durable that are written when it is called, then saves which they are
 * @param onFailure is called with the error of a `save`; there are no further ones
 */
export function checkpoints(
  { bytes, interval, maxAtRisk }: CheckpointRules,
  save: () => Promise<void>,
  onFailure: (error: unknown) => void,
): Checkpoints {
  /** Bytes admitted since the start of the last checkpoint, and since that of the one before. */
  let fresh = 0;
  let saving = 0;
  let last: number | undefined;
  let isStopped = false;
  let running: Promise<void> | undefined;

  function start(): Promise<void> {
    saving = fresh;
    fresh = 0;
    running = save()
      .catch((error: unknown) => {
        isStopped = true;
        onFailure(error);
      })
      .finally(() => {
        saving = 0;
        running = undefined;
      });
    return running;
  }

  return {
    async admit(length) {
      while (fresh + saving + length > maxAtRisk && fresh + saving > 0 && !isStopped) await (running ?? start());
      fresh += length;
    },
    note(now) {
      last ??= now;
      const isDue = fresh >= bytes || (fresh > 0 && now - last >= interval);
      if (isStopped || running !== undefined || !isDue) return;
      last = now;
      void start();
    },
    async flush() {
      await running;
      if (!isStopped && fresh > 0) await start();
    },
    async stop() {
      isStopped = true;
      await running;
    },
  };
}
