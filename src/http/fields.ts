import type { AnswerField } from './answer-inputs.ts';

/** The header fields of a message, all of which can be read: those of a response, or of a request that is passed on. */
export interface MessageFields extends Iterable<[name: string, value: string]> {
  get(name: string): string | null;
  has(name: string): boolean;
}

/**
 * The header fields of a request, of which only those that may change a response can be read. Names are case-insensitive, and several lines of one field are joined with a comma
 * and a space (§5.3). Web `Headers` has this interface, and so has a platform's own form of the fields, which saves the
 * creation of `Headers`.
 */
export interface Fields extends Iterable<[name: string, value: string]> {
  get(name: AnswerField): string | null;
  has(name: AnswerField): boolean;
}
