import type { Decision } from '../../src/http/decision.ts';
import type { Representation } from '../../src/http/representation.ts';
import {
  byteHeaders,
  notModifiedHeaders,
  unsatisfiableHeaders,
  type HeaderChoices,
  type HeaderList,
} from '../../src/http/response-headers.ts';

/** The header fields of a decision, as the gateway sends them. */
export function decisionHeaders(
  decision: Decision,
  representation: Representation,
  choices: HeaderChoices,
): HeaderList {
  switch (decision.status) {
    case 200:
    case 206:
      return byteHeaders(decision, representation, choices);
    case 304:
      return notModifiedHeaders(representation, choices);
    case 416:
      return unsatisfiableHeaders(representation.size);
    case 412:
      return [];
  }
}
