/**
 * Returns the code of a system error or a Node error, such as `ENOENT`.
 *
 * @returns `undefined` if the error has no code
 */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
