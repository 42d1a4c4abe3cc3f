/** An HTTP request without a body, for reading from a storage. */
export interface TransportRequest {
  readonly method: 'GET' | 'HEAD';
  /** An absolute, encoded URL, `http:` or `https:`. It is sent as it is. */
  readonly url: string;
  /** Header fields, names in lower case. Host is not among them: it is taken from the URL. */
  readonly fields: Readonly<Record<string, string>>;
  /** Aborts the request: before the head of the response it rejects, after it the body errors. */
  readonly signal?: AbortSignal | undefined;
}

/** An HTTP response of any status, of which the head was received. */
export interface TransportResponse {
  readonly status: number;
  /**
   * Header fields, names in lower case. The values of several lines of one name are joined by commas (RFC 9110 §5.3).
   */
  readonly fields: Readonly<Record<string, string>>;
  /**
   * Exactly the bytes that were sent; no content coding is undone. It errors if it breaks off. `cancel` before its end
   * releases its connection. Absent if the response has no body.
   */
  readonly body: ReadableStream<Uint8Array> | undefined;
}

/**
 * Sends a request to a storage. A redirect is a response like any other and is not followed.
 *
 * Rejects if no response arrives in time, or if a response can be parsed in more than one way; with the signal's reason
 * if the signal fires.
 */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>;
