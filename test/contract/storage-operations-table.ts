/** A request, its answer, and what it may cost. */
export interface Line {
  readonly name: string;
  readonly method?: 'HEAD';
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** A name: 1 where the storage does what it says, else 2 at the most. */
  readonly operations: number | 'tellsSizeWhenUnsatisfiable' | 'tellsMetadataWhenUnmodified';
  /** 0 where no body may be touched. */
  readonly bodies: number;
}

const far = 'bytes=0-9,500000-500009,999990-999999';

/** One line or more for every line of the table of storage operations in docs/http.md. */
export const lines: readonly Line[] = [
  { name: 'the whole', status: 200, operations: 1, bodies: 1 },
  { name: 'a bounded range', headers: { Range: 'bytes=5-9' }, status: 206, operations: 1, bodies: 1 },
  { name: 'a range up to the end', headers: { Range: 'bytes=999000-' }, status: 206, operations: 1, bodies: 1 },
  { name: 'a suffix', headers: { Range: 'bytes=-100' }, status: 206, operations: 1, bodies: 1 },
  {
    name: 'a suffix longer than the object',
    headers: { Range: 'bytes=-9999999' },
    status: 206,
    operations: 1,
    bodies: 1,
  },
  { name: 'a range clamped at the end', headers: { Range: 'bytes=5-99999999' }, status: 206, operations: 1, bodies: 1 },
  { name: 'a malformed range', headers: { Range: 'bytes=9-5' }, status: 200, operations: 1, bodies: 1 },
  { name: 'overlapping ranges', headers: { Range: 'bytes=0-9,5-15' }, status: 200, operations: 1, bodies: 1 },
  { name: 'HEAD', method: 'HEAD', status: 200, operations: 1, bodies: 0 },
  { name: 'HEAD with Range', method: 'HEAD', headers: { Range: 'bytes=0-9' }, status: 200, operations: 1, bodies: 0 },
  { name: 'an object of zero bytes', key: 'empty', status: 200, operations: 1, bodies: 0 },
  { name: 'a missing object', key: 'missing', status: 404, operations: 1, bodies: 0 },
  {
    name: 'a range of a missing object',
    key: 'missing',
    headers: { Range: 'bytes=0-9' },
    status: 404,
    operations: 1,
    bodies: 0,
  },

  {
    name: '304 by tag',
    headers: { 'If-None-Match': '{etag}' },
    status: 304,
    operations: 'tellsMetadataWhenUnmodified',
    bodies: 0,
  },
  {
    name: '304 by one of several tags',
    headers: { 'If-None-Match': '"a", W/{etag}' },
    status: 304,
    operations: 1,
    bodies: 0,
  },
  { name: '304 by *', headers: { 'If-None-Match': '*' }, status: 304, operations: 1, bodies: 0 },
  {
    name: '304 by date',
    headers: { 'If-Modified-Since': '{date}' },
    status: 304,
    operations: 'tellsMetadataWhenUnmodified',
    bodies: 0,
  },
  {
    name: '304 with a range',
    headers: { 'If-None-Match': '{etag}', Range: 'bytes=5-' },
    status: 304,
    operations: 'tellsMetadataWhenUnmodified',
    bodies: 0,
  },
  {
    name: '304 with a range beyond the end',
    headers: { 'If-None-Match': '{etag}', Range: 'bytes=9999999-' },
    status: 304,
    operations: 'tellsMetadataWhenUnmodified',
    bodies: 0,
  },
  {
    name: '304 for HEAD',
    method: 'HEAD',
    headers: { 'If-None-Match': '{etag}' },
    status: 304,
    operations: 1,
    bodies: 0,
  },
  { name: '412 by tag', headers: { 'If-Match': '"other"' }, status: 412, operations: 1, bodies: 0 },
  { name: '412 by a weak tag', headers: { 'If-Match': 'W/{etag}' }, status: 412, operations: 1, bodies: 0 },
  {
    name: '412 by date',
    headers: { 'If-Unmodified-Since': 'Mon, 01 Jan 2001 00:00:00 GMT' },
    status: 412,
    operations: 1,
    bodies: 0,
  },
  {
    name: '412 with a range',
    headers: { 'If-Match': '"other"', Range: 'bytes=5-' },
    status: 412,
    operations: 1,
    bodies: 0,
  },
  {
    name: 'conditions that hold',
    headers: { 'If-Match': '{etag}', 'If-None-Match': '"other"' },
    status: 200,
    operations: 1,
    bodies: 1,
  },
  {
    name: 'If-Match that holds, with a range',
    headers: { 'If-Match': '{etag}', Range: 'bytes=5-' },
    status: 206,
    operations: 1,
    bodies: 1,
  },

  {
    name: 'If-Range with the current tag',
    headers: { 'If-Range': '{etag}', Range: 'bytes=5-' },
    status: 206,
    operations: 1,
    bodies: 1,
  },
  {
    name: 'If-Range with the current date',
    headers: { 'If-Range': '{date}', Range: 'bytes=5-' },
    status: 206,
    operations: 1,
    bodies: 1,
  },
  {
    name: 'If-Range with an old tag',
    headers: { 'If-Range': '"old"', Range: 'bytes=5-' },
    status: 200,
    operations: 2,
    bodies: 1,
  },
  {
    name: 'If-Range with an old date',
    headers: { 'If-Range': 'Mon, 01 Jan 2001 00:00:00 GMT', Range: 'bytes=5-' },
    status: 200,
    operations: 2,
    bodies: 1,
  },
  {
    name: 'If-Range with a weak tag',
    headers: { 'If-Range': 'W/{etag}', Range: 'bytes=5-' },
    status: 200,
    operations: 1,
    bodies: 1,
  },
  {
    name: 'If-Range with an old tag, and If-None-Match with the current',
    headers: { 'If-Range': '"old"', 'If-None-Match': '{etag}', Range: 'bytes=5-' },
    status: 304,
    operations: 'tellsMetadataWhenUnmodified',
    bodies: 0,
  },

  {
    name: '416',
    headers: { Range: 'bytes=9999999-' },
    status: 416,
    operations: 'tellsSizeWhenUnsatisfiable',
    bodies: 0,
  },
  {
    name: '416 just beyond the end',
    headers: { Range: 'bytes=1000000-1000001' },
    status: 416,
    operations: 'tellsSizeWhenUnsatisfiable',
    bodies: 0,
  },
  {
    name: '416 for bytes=-0',
    headers: { Range: 'bytes=-0' },
    status: 416,
    operations: 'tellsSizeWhenUnsatisfiable',
    bodies: 0,
  },
  {
    name: '416 with If-Range',
    headers: { 'If-Range': '{etag}', Range: 'bytes=9999999-' },
    status: 416,
    operations: 'tellsSizeWhenUnsatisfiable',
    bodies: 0,
  },
  {
    name: '416 for several ranges',
    headers: { Range: 'bytes=9999998-9999999,99999998-99999999' },
    status: 416,
    operations: 'tellsSizeWhenUnsatisfiable',
    bodies: 0,
  },

  { name: 'three ranges far apart', headers: { Range: far }, status: 206, operations: 3, bodies: 3 },
  {
    name: 'three ranges near each other',
    headers: { Range: 'bytes=0-9,100-109,200-209' },
    status: 206,
    operations: 1,
    bodies: 1,
  },
  {
    name: 'four ranges, two and two near each other',
    headers: { Range: 'bytes=0-9,20-29,500000-500009,500020-500029' },
    status: 206,
    operations: 2,
    bodies: 2,
  },
  {
    name: 'several ranges with If-Range',
    headers: { Range: far, 'If-Range': '{etag}' },
    status: 206,
    operations: 3,
    bodies: 3,
  },
  {
    name: 'several ranges with an old If-Range',
    headers: { Range: far, 'If-Range': '"old"' },
    status: 200,
    operations: 2,
    bodies: 1,
  },
  { name: 'the first bytes and the last', headers: { Range: 'bytes=0-9,-10' }, status: 206, operations: 2, bodies: 2 },
  {
    name: 'a set that begins with a suffix',
    headers: { Range: 'bytes=-10,0-9' },
    status: 206,
    operations: 2,
    bodies: 2,
  },
  {
    name: 'a set that descends: one more, for the size',
    headers: { Range: 'bytes=500000-500009,0-9' },
    status: 206,
    operations: 3,
    bodies: 2,
  },
  {
    name: 'a set of which one is satisfiable',
    headers: { Range: 'bytes=0-9,9999999-' },
    status: 206,
    operations: 1,
    bodies: 1,
  },
];
