import type { Sink } from 'rangeway/client';

/**
 * Writes a download into a file of the page's private storage, on the user's disk.
 *
 * @param name of the file there
 * @param deliver is called with the complete file
 */
export function opfsSink(name: string, deliver: (file: File) => void): Sink {
  let handle: FileSystemFileHandle;
  let stream: FileSystemWritableFileStream;
  return {
    isSequential: false,
    async open() {
      const folder = await navigator.storage.getDirectory();
      handle = await folder.getFileHandle(name, { create: true });
      stream = await handle.createWritable();
      // There is no journal, so what an earlier page has left is not used.
      return 0;
    },
    write: (position, bytes) => stream.write({ type: 'write', position, data: new Uint8Array(bytes) }),
    sync: async () => undefined,
    empty: () => stream.truncate(0),
    async finish() {
      await stream.close();
      deliver(await handle.getFile());
    },
    // Releases the file if the download has failed; after `finish` the stream is closed, and that is no error.
    close: () => stream.abort().catch(() => undefined),
  };
}
