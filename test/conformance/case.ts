/** One header line. A name may come several times; the lines are sent in the order given. */
export type HeaderLine = readonly [name: string, value: string];

/** Half-open, as everywhere but in header fields. */
export type Span = readonly [start: number, end: number];

export type ExpectedBody =
  /** The object's bytes from `start` up to, not including, `end`. */
  | { readonly type: 'bytes'; readonly of: string; readonly start: number; readonly end: number }
  /** A multipart/byteranges body with exactly these parts, in this order. */
  | { readonly type: 'parts'; readonly of: string; readonly parts: readonly Span[] }
  /** The piece index of the object. */
  | { readonly type: 'index'; readonly of: string }
  /** A Metalink document of the object; `url` is the end of its address, as XML has it; `scheme` is http by default. */
  | { readonly type: 'metalink'; readonly of: string; readonly url: string; readonly scheme?: 'http' | 'https' }
  /** A listing with exactly these names in this order; folders end with a slash. A page has no other markup than its own. */
  | { readonly type: 'entries'; readonly format: 'json' | 'html'; readonly names: readonly string[] }
  | { readonly type: 'empty' }
  /** Problem details (RFC 9457), of type `about:blank` by default; their members are checked on every error anyway. */
  | { readonly type: 'problem'; readonly problem?: string };

export type Expect = {
  /** A list only where neither the RFC nor HTTP-RULES.md decides. */
  readonly status: number | readonly number[];
  /**
   * By lowercase name. A string is compared whole and may hold placeholders; a string or RegExp
   * also means exactly one line of that name; `null` means none.
   */
  readonly headers?: Readonly<Record<string, string | RegExp | null>>;
  readonly body?: ExpectedBody;
};

/**
 * One request and what must come back, as data: any platform with the fixtures can be held to it.
 *
 * Header values, in the request and expected, may hold placeholders, filled in from a HEAD of the
 * same target: `{etag}` as sent, `{weak-etag}`, `{opaque}` (the tag without quotes), `{date}` (its
 * Last-Modified as IMF-fixdate), `{date+1}` and `{date-1}` (a second later, earlier),
 * `{date-rfc850}` and `{date-asctime}` (the same second in the obsolete forms).
 */
export type Case = {
  /** A sentence that says the rule; unique. */
  readonly name: string;
  /** The section of RFC 9110, or of the RFC it names. */
  readonly rule?: string;
  /** Default: GET. */
  readonly method?: string;
  /** The request target as on the wire, percent-encoded. One char is one byte (Latin-1). */
  readonly target: string;
  /** One char is one byte (Latin-1), so that any byte can be sent. */
  readonly headers?: readonly HeaderLine[];
  readonly expect: Expect;
  /** Whether the target is a folder that is listed, and no object. */
  readonly isListing?: boolean;
  /**
   * Statuses with which the platform's HTTP server may refuse the message before any gateway code
   * runs. Such an answer passes without further checks, as the gateway did not write it.
   */
  readonly refusedByParser?: readonly number[];
};
