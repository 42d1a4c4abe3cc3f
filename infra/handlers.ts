/** The exports of the function: `handler` sends a buffered response, `streamHandler` a streamed one. */
export const HANDLERS = ['handler', 'streamHandler'] as const;
