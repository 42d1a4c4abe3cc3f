/** A request for reading: it has no body. */
export interface TransportRequest {
  readonly method: 'GET' | 'HEAD';
  /** Absolute, encoded, `http:` or `https:`; sent as it is. */
  readonly url: string;
  /** Names in lower case. Without Host, which is the address's. */
  readonly fields: Readonly<Record<string, string>>;
  /** Fires when the answer is wanted no more: rejects while there is no head, breaks the body after it. */
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose head is there, whatever its status. */
export interface TransportAnswer {
  readonly status: number;
  /** Names in lower case; of several lines of one name the values are joined by commas (RFC 9110 §5.3). */
  readonly fields: Readonly<Record<string, string>>;
  /**
   * Exactly the bytes that were sent: no coding is undone. A body that breaks off errors. Cancelled before its end, it
   * gives its connection back. Absent where there is none.
   */
  readonly body: ReadableStream<Uint8Array> | undefined;
}

/**
 * Sends a request to a storage. A redirect is an answer and is not followed.
 *
 * Rejects where no answer comes in time, or none that can be read in one way only; with the signal's reason where it
 * fires.
 */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;
