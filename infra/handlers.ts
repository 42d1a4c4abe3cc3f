/** The exports of the function: `handler` sends a buffered response, `streamHandler` a streamed one. */
export const HANDLERS = ['handler', 'streamHandler'] as const;

/** The exports of the function that builds piece indexes, which is a file of its own beside the other. */
export const INDEX_HANDLERS = ['indexHandler'] as const;
