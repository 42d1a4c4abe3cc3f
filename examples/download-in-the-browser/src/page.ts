import { download, isDownloadError, type DownloadProgress } from 'rangeway/client';
import { opfsSink } from './opfs-sink.ts';

const progressBar = find('progress', HTMLProgressElement);
const output = find('output', HTMLOutputElement);
const start = find('#start', HTMLButtonElement);
const pause = find('#pause', HTMLButtonElement);

start.addEventListener('click', async () => {
  const address = new URL('large.bin', location.href);
  const running = download(address, { sink: opfsSink('large.bin', save), onProgress: show });
  const ended = new AbortController();
  let isPaused = false;
  const toggle = async () => {
    isPaused = !isPaused;
    pause.textContent = isPaused ? 'Resume' : 'Pause';
    if (isPaused) await running.pause();
    else running.resume();
  };
  pause.addEventListener('click', toggle, { signal: ended.signal });
  start.disabled = true;
  pause.disabled = false;
  try {
    const { size } = await running.done;
    output.value = `complete: ${size} bytes`;
  } catch (error) {
    output.value = isDownloadError(error) ? `failed: ${error.message}` : String(error);
  }
  ended.abort();
  start.disabled = false;
  pause.disabled = true;
});

function show({ size, written, restarts, lastFailure }: DownloadProgress): void {
  if (size !== undefined) Object.assign(progressBar, { max: size, value: written });
  const notes = [restarts > 0 ? 'the file was replaced' : '', lastFailure ?? ''].filter(Boolean).join(', ');
  output.value = `${written} of ${size ?? '?'} bytes ${notes}`;
}

/** Hands the complete file to the browser's own downloads. */
function save(file: File): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function find<E extends Element>(selector: string, kind: new () => E): E {
  const element = document.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`the page has no ${selector}`);
  return element;
}
