import { gatewayApi, isToken, type GatewayApi } from './gateway-api.ts';

const KEY = 'rangeway-admin-token';

/** Storage that a browser refuses, as in some private windows, is left out: the token is asked for after a reload. */
function storage(): Storage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

/** Returns the API with the token of this tab; `undefined` if there is none. */
export function restoreSession(): GatewayApi | undefined {
  const token = storage()?.getItem(KEY) ?? '';
  return isToken(token) ? gatewayApi(token) : undefined;
}

/**
 * Asks the gateway whether a token is right, and keeps it until the tab is closed.
 *
 * @returns the API, or a sentence for the user
 */
export async function signIn(text: string): Promise<GatewayApi | string> {
  const token = text.trim();
  if (!isToken(token)) return 'A token has letters, digits and "-._~+/" alone.';
  const api = gatewayApi(token);
  const result = await api.read('transfers?limit=1');
  if (result.type === 'failed') return result.sentence;
  try {
    storage()?.setItem(KEY, token);
  } catch {
    // The storage is full. The token is kept in memory.
  }
  return api;
}

/** Forgets the token. */
export function signOut(): void {
  storage()?.removeItem(KEY);
}
