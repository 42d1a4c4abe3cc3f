import mime from 'mime';

/** Content-Type by a file name's ending. Text is taken for UTF-8, as nearly all of it is; without it browsers guess. */
export function mediaType(name: string): string {
  const type = mime.getType(name) ?? 'application/octet-stream';
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}
