/** What the function may start with: `handler` answers in one piece, `streamHandler` as it reads. */
export const HANDLERS = ['handler', 'streamHandler'] as const;
