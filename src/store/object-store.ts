import type { Metadata, Preconditions, RangeSpec, Representation, Span } from '../http/index.ts';
import type { RequestStats } from './request-stats.ts';

/** The limit of S3 and R2 for a key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/** What every call may be given besides its key. */
export interface CallOptions {
  /** Ends the call as long as its answer is not there; after that, cancel the body. */
  readonly signal?: AbortSignal | undefined;
  /** Where the call says what it cost. */
  readonly stats?: RequestStats | undefined;
  /** Takes work that may outlast the answer, such as filling a cache. Where it is left out, nothing ends it early. */
  readonly defer?: ((work: Promise<unknown>) => void) | undefined;
  /**
   * Called where the storage refused access and `missing` is how that is read. Such an answer must not be remembered:
   * the object may be there, and the refusal may pass.
   */
  readonly onForbidden?: (() => void) | undefined;
}

/** What a question for metadata is given besides. */
export interface HeadOptions extends CallOptions {
  /** For caches: what they know and these do not hold for may be outdated, so the storage has to be asked. */
  readonly conditions?: Preconditions | undefined;
}

/** What a read asks for. Everything is optional: none at all is the whole object. */
export interface ReadOptions extends CallOptions {
  /** In the client's own form. Past the end it is clamped, as §14.1.2 says. */
  readonly range?: RangeSpec | undefined;
  /**
   * Conditions under which the body is wanted. A store has to enforce an `ifMatch` list: it is what pins a read to a
   * version. The others it evaluates where it can, to save a body that nobody will see.
   */
  readonly conditions?: Preconditions | undefined;
  /**
   * Whether the whole object may come instead of the range, where the storage ignores ranges and much would have to be
   * read to get at it. Where it is left out, the range comes whatever it costs.
   */
  readonly mayBeWhole?: boolean | undefined;
  /**
   * Whether the whole object comes instead of the range wherever the storage ignores ranges, however little would have
   * to be dropped. `withParallelReads` asks so for the first part of a read, because each further part would transfer
   * the whole again.
   */
  readonly neverSlice?: boolean | undefined;
  /** Of a storage that keeps versions: the one to read, current or not. Others have no use for it. */
  readonly version?: string | undefined;
}

/** The object's bytes, opened. Whoever gets it either reads `body` to its end or cancels it. */
export interface OpenObject {
  readonly type: 'open';
  readonly representation: Representation;
  /** The bytes that `body` yields, those asked for unless `mayBeWhole` or `neverSlice`: exactly these, or it errors. Empty only for the whole of a zero-byte object. */
  readonly span: Span;
  readonly body: ReadableStream<Uint8Array>;
  /**
   * The same bytes, where they are few and in memory: whoever takes them leaves `body` alone, which has nothing to give
   * back then. Who puts another body in its place leaves them out.
   */
  readonly bytes?: Uint8Array | undefined;
  /**
   * Whether the platform itself knows the body's length, sends it along, and breaks what ends before it. Such a body
   * can be an answer's as it is. Who puts another body in its place leaves it out.
   */
  readonly hasNativeLength?: boolean | undefined;
}

/** Answers that are no failures: values, so that every caller says what it does about each. */
export type ReadResult = OpenObject | BodilessResult;

/** What a storage tells besides is left out where it does not tell. */
export type BodilessResult =
  | { readonly type: 'missing' }
  /** `ifNoneMatch` or `ifModifiedSince` held the body back. */
  | { readonly type: 'unmodified'; readonly metadata?: Metadata | undefined }
  /** `ifMatch` or `ifUnmodifiedSince` held it back: this is another version than the one asked for. */
  | { readonly type: 'version-changed'; readonly representation?: Representation | undefined }
  /**
   * The conditions hold, and no byte of the range is in the object, as always in one of zero bytes. `size` is in
   * bytes.
   */
  | {
      readonly type: 'unsatisfiable';
      readonly size?: number | undefined;
      readonly representation?: Representation | undefined;
    };

/**
 * The least that the gateway needs of a storage. Each call is one storage operation; what a storage can't do in one
 * it leaves out of its answer. Throws a {@link StoreError} and nothing else.
 */
export interface ObjectStore {
  /** Metadata alone; `undefined` where there is no such object. */
  head(key: string, options?: HeadOptions): Promise<Representation | undefined>;
  read(key: string, options?: ReadOptions): Promise<ReadResult>;
}
