import type { HeaderList } from '../http/index.ts';
import type { Refused } from './access.ts';

/** What a client is told that may not read: nothing of whether there is an object, nor of which check failed. */
export interface Refusal {
  readonly status: 401 | 403 | 503;
  readonly detail: string;
  readonly fields: HeaderList;
}

const DETAILS = {
  forbidden: 'This request may not read here.',
  expired: 'The link has expired. Ask for a new one; what is left of a download can be continued with it.',
  'not-yet': 'The link is not valid yet.',
} as const;

/** The one place where verdicts become statuses. */
export function toRefusal(verdict: Refused): Refusal {
  switch (verdict.type) {
    case 'refused':
      return { status: 403, detail: DETAILS[verdict.reason], fields: [] };
    case 'unauthenticated':
      // §11.6.1 lets one field hold several challenges.
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
