/** Reads the content of a request, up to a limit in bytes. */
export type ReadContent = (limit: number) => Promise<RequestContent>;

/** The content of a request. It is `incomplete` if the client has left before its end. */
export type RequestContent =
  | { readonly type: 'complete'; readonly bytes: Uint8Array }
  | { readonly type: 'too-long' }
  | { readonly type: 'incomplete' };

/**
 * Reads the content of a request.
 *
 * @param readContent of the platform, if it has one
 * @param limit the most bytes
 */
export async function readRequestContent(
  readContent: ReadContent | undefined,
  request: Request,
  limit: number,
): Promise<RequestContent> {
  if (readContent !== undefined) return readContent(limit);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of request.body ?? []) {
      length += chunk.length;
      if (length > limit) return { type: 'too-long' };
      chunks.push(chunk);
    }
  } catch {
    return { type: 'incomplete' };
  }
  return { type: 'complete', bytes: new Uint8Array(await new Blob(chunks).arrayBuffer()) };
}
