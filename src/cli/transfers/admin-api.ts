import { withoutUser } from '../../config/urls.ts';
import { explainRequestError } from '../request-error.ts';
import { usageError } from '../usage.ts';

/** The token is read from the environment only: every user of the machine can read command lines. */
export const TOKEN_VARIABLE = 'RANGEWAY_ADMIN_TOKEN';

/** The addresses below `/.rangeway/` of a gateway. */
export interface AdminApi {
  /**
   * Sends a request with the token.
   *
   * @param path below `/.rangeway/`
   * @throws Error that says what to do, if the gateway can't be reached or refuses
   */
  send(path: string, init?: RequestInit): Promise<Response>;
}

/**
 * Opens the API of a gateway.
 *
 * @param base the address of the gateway
 * @throws UsageError for an address or a token that can't be used
 */
export function adminApi(base: string | undefined): AdminApi {
  const url = parseUrl(base);
  const token = process.env[TOKEN_VARIABLE] ?? '';
  if (token === '') {
    throw usageError(`transfers needs the token of the gateway's admin.token in the variable ${TOKEN_VARIABLE}`);
  }
  if (!/^[\w.~+/-]+={0,2}$/.test(token)) throw usageError(`${TOKEN_VARIABLE} takes letters, digits and "-._~+/" alone`);
  return {
    async send(path, init = {}) {
      const headers = new Headers(init.headers);
      headers.set('Authorization', `Bearer ${token}`);
      let response: Response;
      try {
        // A redirect must not get the token.
        response = await fetch(`${url}/.rangeway/${path}`, { ...init, headers, redirect: 'manual' });
      } catch (error) {
        throw new Error(`${url} can't be read: ${explainRequestError(error)}`, { cause: error });
      }
      if (response.ok) return response;
      await response.body?.cancel();
      throw refusal(`${url} ${explainStatus(response.status)}`, response.status);
    },
  };
}

function parseUrl(base: string | undefined): string {
  if (base === undefined) {
    throw usageError('transfers needs the address of the gateway: rangeway transfers https://files.example.com');
  }
  if (/^https?:\/\/[^/?#@]+(?:\/[^?#]*)?$/.test(base) && URL.canParse(base)) return base.replace(/\/$/, '');
  const shown = withoutUser(base.replace(/[?#].*/s, '?…'));
  throw usageError(`transfers takes an address such as https://files.example.com, not "${shown}"`);
}

/** The gateway has answered, and refuses. */
export interface Refusal extends Error {
  readonly name: 'Refusal';
  readonly status: number;
}

function refusal(message: string, status: number): Refusal {
  return Object.assign(new Error(message), { name: 'Refusal' as const, status });
}

/** Whether the gateway would refuse the same request again. */
export function isFinal(error: unknown): boolean {
  return error instanceof Error && error.name === 'Refusal' && Number(Reflect.get(error, 'status')) < 500;
}

function explainStatus(status: number): string {
  switch (status) {
    case 400:
      return 'refuses a filter';
    case 401:
      return `has another token than ${TOKEN_VARIABLE}`;
    case 404:
    case 405:
      return 'has no transfers: its settings admin.token and transfers turn them on, and the address is that of the gateway';
    case 503:
      return "can't read its store of transfers at the moment";
    default:
      return `answers ${status}`;
  }
}
