import { isStoreError } from './store-error.ts';
import { SHARE_TIMEOUT, within } from './within.ts';

/** Puts questions about keys one at a time: who asks what is being asked waits for what it brings. */
export interface Questions {
  /**
   * @param ask puts the question; `isCurrent` says whether no later one has taken its place
   * @param recall what somebody else's question brought; `undefined` where it is of no use here
   */
  put<Answer>(
    key: string,
    ask: (isCurrent: () => boolean) => Promise<Answer>,
    recall: () => Answer | undefined,
  ): Promise<Answer>;
  /** Has nobody wait for the question that is under way, and makes it out of date. */
  forget(key: string): void;
}

/** Makes a list of questions. */
export function makeQuestions(): Questions {
  const running = new Map<string, { readonly answer: Promise<unknown> }>();

  async function put<Answer>(
    key: string,
    ask: (isCurrent: () => boolean) => Promise<Answer>,
    recall: () => Answer | undefined,
  ): Promise<Answer> {
    const other = running.get(key);
    if (other !== undefined) {
      await settled(other.answer);
      const recalled = recall();
      if (recalled !== undefined) return recalled;
    }
    const isCurrent = () => running.get(key) === question;
    const question = { answer: Promise.resolve().then(() => ask(isCurrent)) };
    running.set(key, question);
    try {
      return await question.answer;
    } finally {
      if (isCurrent()) running.delete(key);
    }
  }

  return { put, forget: (key) => void running.delete(key) };
}

/**
 * Waits for another request's question; on Workers one may never end for anyone else, and is then as good as none.
 *
 * @throws StoreError what the storage answered it with
 */
async function settled(answer: Promise<unknown>): Promise<void> {
  try {
    await within(SHARE_TIMEOUT, answer);
  } catch (error) {
    if (isStoreError(error)) throw error;
  }
}
