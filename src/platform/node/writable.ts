/**
 * Waits until a stream can be written to again, or is closed.
 *
 * @param stream whose `write` has returned false
 */
export function writable(stream: {
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}): Promise<void> {
  return new Promise((resolve) => {
    const onEvent = () => {
      stream.off('drain', onEvent);
      stream.off('close', onEvent);
      resolve();
    };
    stream.once('drain', onEvent);
    stream.once('close', onEvent);
  });
}
