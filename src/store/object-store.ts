import type { Metadata, Preconditions, RangeSpec, Representation, Span } from '../http/index.ts';
import type { RequestStats } from './request-stats.ts';

/** The longest key that S3 and R2 allow, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/** Options of every call of a store. */
export interface CallOptions {
  /** Aborts the call while its result is pending. After that, the caller cancels the body instead. */
  readonly signal?: AbortSignal | undefined;
  /** The call adds its costs here. */
  readonly stats?: RequestStats | undefined;
  /**
   * Receives work that may outlast the response, such as filling a cache. If it is absent, such work still runs to its
   * end.
   */
  readonly defer?: ((work: Promise<unknown>) => void) | undefined;
  /**
   * Called if the storage refused access and the store reports the object as `missing` for that reason. Such a result
   * must not be cached: the object may exist, and the refusal may be temporary.
   */
  readonly onForbidden?: (() => void) | undefined;
  /** Whether digests are asked for, on a storage that reports them only if they are, and may want a permission more. */
  readonly digests?: boolean | undefined;
}

/** Options of a read of metadata. */
export interface HeadOptions extends CallOptions {
  /**
   * A cache compares them with its metadata. If they fail, the metadata may be stale, and it sends a request to the
   * storage.
   */
  readonly conditions?: Preconditions | undefined;
}

/** Options of a read. Without any of them, the whole object is read. */
export interface ReadOptions extends CallOptions {
  /** The range as the client sent it. An end beyond the object's is clamped (§14.1.2). */
  readonly range?: RangeSpec | undefined;
  /**
   * Conditions under which the body is needed. A store must enforce an `ifMatch` list, because that pins a read to a
   * version. It evaluates the others if it can, to save the transfer of a body that is not used.
   */
  readonly conditions?: Preconditions | undefined;
  /**
   * Whether the whole object may be returned instead of the range, if the storage ignores ranges and many bytes would
   * have to be skipped. By default the range is returned, whatever it costs.
   */
  readonly mayBeWhole?: boolean | undefined;
  /**
   * Whether the whole object is returned instead of the range if the storage ignores ranges, however few bytes would
   * have to be skipped. `withParallelReads` sets it for the first part of a read, because each further part would
   * transfer the whole object again.
   */
  readonly neverSlice?: boolean | undefined;
  /** The version to read, current or not. Storages without versions ignore it. */
  readonly version?: string | undefined;
}

/** An object whose bytes are open. The caller must read `body` to its end or cancel it. */
export interface OpenObject {
  readonly type: 'open';
  readonly representation: Representation;
  /**
   * The bytes of `body`, half-open. They are the requested ones, unless `mayBeWhole` or `neverSlice` is set. `body`
   * yields exactly these bytes or errors. The span is empty only for a whole object of zero bytes.
   */
  readonly span: Span;
  readonly body: ReadableStream<Uint8Array>;
  /**
   * The same bytes, if they are few and in memory. A caller that uses them does not touch `body`, which then needs no
   * cancel. A wrapper that replaces `body` leaves this member out.
   */
  readonly bytes?: Uint8Array | undefined;
  /**
   * Whether the platform knows the length of `body`, sends it as Content-Length, and breaks a response that ends early.
   * Such a body can be the body of a response as it is. A wrapper that replaces `body` leaves this member out.
   */
  readonly hasNativeLength?: boolean | undefined;
}

/** The result of a read. Results that are no failures are values, so that each caller handles every one of them. */
export type ReadResult = OpenObject | BodilessResult;

/** A result without bytes. Members that the storage does not report are left out. */
export type BodilessResult =
  | { readonly type: 'missing' }
  /** `ifNoneMatch` or `ifModifiedSince` failed. */
  | { readonly type: 'unmodified'; readonly metadata?: Metadata | undefined }
  /** `ifMatch` or `ifUnmodifiedSince` failed: the current version is not the requested one. */
  | { readonly type: 'version-changed'; readonly representation?: Representation | undefined }
  /**
   * The conditions hold, but no byte of the range is in the object. This is always so for an object of zero bytes.
   * `size` is in bytes.
   */
  | {
      readonly type: 'unsatisfiable';
      readonly size?: number | undefined;
      readonly representation?: Representation | undefined;
    };

/**
 * A storage of objects: the minimum that the gateway requires. Each call is one storage operation. If the storage can't
 * report a value in this operation, the result leaves it out. All calls throw a {@link StoreError} and nothing else.
 */
export interface ObjectStore {
  /** Whether a read costs no request to another machine, so that the gateway may read a piece index with each. */
  readonly isLocal?: boolean | undefined;
  /** Reads the metadata of an object; `undefined` if there is no such object. */
  head(key: string, options?: HeadOptions): Promise<Representation | undefined>;
  /**
   * Checks that the storage answers, with one storage operation at most. Without this member, the metadata of a key are
   * read instead, which a folder that has vanished reports as missing.
   *
   * @throws StoreError if it does not
   */
  readonly probe?: ((options?: CallOptions) => Promise<void>) | undefined;
  /** Opens an object, or a range of it. */
  read(key: string, options?: ReadOptions): Promise<ReadResult>;
}
