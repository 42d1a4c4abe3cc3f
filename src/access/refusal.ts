import type { HeaderList } from '../http/index.ts';
import type { Refused } from './access.ts';

/** The error response to a refused request. It reveals neither whether the object exists nor which check failed. */
export interface RefusalResponse {
  readonly status: 401 | 403 | 503;
  /** Description for the problem document. */
  readonly detail: string;
  /** Fields of the response, such as WWW-Authenticate. */
  readonly fields: HeaderList;
}

const DETAILS = {
  forbidden: 'This request may not read here.',
  expired: 'The link has expired. Ask for a new one; what is left of a download can be continued with it.',
  'not-yet': 'The link is not valid yet.',
} as const;

/** Converts a refusal by an access rule to an error response. No other function maps verdicts to statuses. */
export function toRefusalResponse(verdict: Refused): RefusalResponse {
  switch (verdict.type) {
    case 'refused':
      return { status: 403, detail: DETAILS[verdict.reason], fields: [] };
    case 'unauthenticated':
      // §11.6.1: one field may have several challenges.
      return {
        status: 401,
        detail: 'This request needs credentials that are valid.',
        fields: [['WWW-Authenticate', verdict.challenges.join(', ')]],
      };
    case 'unavailable':
      return {
        status: 503,
        detail: 'Who may read can not be told at the moment.',
        fields: [['Retry-After', '5']],
      };
  }
}
