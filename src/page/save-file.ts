declare global {
  // Parts of Chromium's browsers, which TypeScript's library does not know.
  interface Window {
    showSaveFilePicker?: (options?: { readonly suggestedName?: string }) => Promise<FileSystemFileHandle>;
  }
  interface FileSystemFileHandle {
    requestPermission?: (options: { readonly mode: 'readwrite' }) => Promise<PermissionState>;
  }
}

/** The choice of a place: a file, the browser's own folder of downloads, or none. */
export type Choice =
  | { readonly type: 'file'; readonly handle: FileSystemFileHandle }
  | { readonly type: 'downloads' }
  | { readonly type: 'cancelled' };

/**
 * Asks for the place of a file, if this browser has a picker. Has to be called by a click.
 *
 * @param name of the file, of any characters
 */
export async function chooseFile(name: string): Promise<Choice> {
  if (window.showSaveFilePicker === undefined) return { type: 'downloads' };
  try {
    return { type: 'file', handle: await window.showSaveFilePicker({ suggestedName: safeName(name) }) };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return { type: 'cancelled' };
    // A frame of another origin, or a name that the picker refuses.
    return { type: 'downloads' };
  }
}

/** Asks for the right to write a file that was chosen before the page was loaded. Has to be called by a click. */
export async function mayWrite(handle: FileSystemFileHandle): Promise<boolean> {
  const state = await handle.requestPermission?.({ mode: 'readwrite' }).catch(() => 'denied');
  return state === undefined || state === 'granted';
}

/** Copies a file into the one that was chosen. It replaces that when all bytes are written. */
export async function writeTo(handle: FileSystemFileHandle, file: Blob): Promise<void> {
  await file.stream().pipeTo(await handle.createWritable());
}

/** Saves a file into the browser's folder of downloads. The bytes have to stay: the browser copies them meanwhile. */
export function saveToDownloads(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = safeName(name);
  link.click();
  // The address holds no bytes but those on disk, and Firefox reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * Replaces the characters that names of files can't have on some system, and those that change how a name is read: the
 * control characters, and those that set the direction of writing.
 */
function safeName(name: string): string {
  const safe = name.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029/\\:*?"<>|]/gu, '_').replace(/^[. ]+|[. ]+$/g, '');
  return safe === '' ? 'download' : safe;
}

/** Returns the name of the file of an address: its last segment. */
export function fileNameOf(url: string): string {
  const segment = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
