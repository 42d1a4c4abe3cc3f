/** Whether two byte strings are equal. The time depends only on their lengths. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Computes SHA-256. A comparison of digests, in place of the bytes, does not reveal lengths either. */
export async function sha256(bytes: Parameters<typeof crypto.subtle.digest>[1]): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
