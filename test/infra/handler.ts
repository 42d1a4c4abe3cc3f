/** Stands in for the gateway: what the function is made of does not depend on what it does. */
export function handler(): string {
  return 'buffered';
}

export function streamHandler(): string {
  return 'streamed';
}
