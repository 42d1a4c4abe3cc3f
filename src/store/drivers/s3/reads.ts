/** A request of S3's API for an object. */
export interface S3Request {
  readonly method: 'GET' | 'HEAD';
  readonly key: string;
  /** Names in lower case. */
  readonly fields: S3RequestFields;
  readonly version?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The fields of a request. None of them is signed. */
export type S3RequestFields = { readonly 'accept-encoding': string } & {
  readonly [Name in ConditionalField]?: string | undefined;
};

export type ConditionalField = 'range' | 'if-match' | 'if-none-match' | 'if-modified-since' | 'if-unmodified-since';

/** Header fields of an answer, names in lower case. */
export type S3Fields = Readonly<Record<string, string>>;

/** An answer with an object: 200 or 206. */
export interface S3Answer {
  readonly type: 'answer';
  readonly status: number;
  readonly fields: S3Fields;
  /** Absent for HEAD. */
  readonly body: ReadableStream<Uint8Array> | undefined;
}

/** An answer without an object. Statuses decide: a HEAD has no body, so its refusals have no code. */
export interface S3Refusal {
  readonly type: 'refusal';
  readonly status: number;
  readonly fields: S3Fields;
  /** Such as `NoSuchKey`; empty where there is none. */
  readonly code: string;
  /** In bytes; AWS tells it with a 416, Ceph does not. */
  readonly actualObjectSize: number | undefined;
  /** Whether a 403 is about the time of the signature. AWS tells it with `AccessDenied` as its code. */
  readonly isUntimely: boolean;
  /** The message and the storage's own id of the request; for the log. */
  readonly said: string;
}

/**
 * A way to read objects of one bucket: by presigned addresses or by the SDK's commands.
 *
 * Rejects with whatever the HTTP client, the SDK or its credentials throw.
 *
 * @param count is called for each request that is sent
 */
export type S3Reads = (request: S3Request, count: () => void) => Promise<S3Answer | S3Refusal>;

/** How far a clock may be off, in ms. AWS takes signatures that are up to 15 minutes old or early. */
const MAX_CLOCK_DIFFERENCE = 300_000;

/** Whether an answer refuses the signature, or could: a stale address gets the same 403 as a forbidden object. */
export function refusesSignature({ status }: Pick<S3Refusal, 'status'>): boolean {
  return status === 400 || status === 401 || status === 403;
}

/**
 * How much the storage's clock is ahead of ours, in ms, by an answer's Date.
 *
 * @param known how much it was thought to be
 * @returns `undefined` where there is no Date, or it is near enough to what was thought
 */
export function newClockDifference(date: Date | undefined, known: number): number | undefined {
  if (date === undefined) return undefined;
  const difference = date.getTime() - Date.now();
  return Math.abs(difference - known) > MAX_CLOCK_DIFFERENCE ? difference : undefined;
}
