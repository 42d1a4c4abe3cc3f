// The columns of CloudFront's standard logs, in the order of its documentation.
const FIELDS =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end';

/** A line of CloudFront, with these columns instead of the usual ones. */
export function cloudFrontLine(columns: Readonly<Record<string, string | number>>): string {
  const usual: Readonly<Record<string, string>> = {
    date: '2026-11-10',
    time: '12:00:00',
    'sc-bytes': '1400',
    'c-ip': '192.0.2.1',
    'cs-method': 'GET',
    'cs(Host)': 'd1.cloudfront.net',
    'cs-uri-stem': '/a.bin',
    'sc-status': '200',
    'cs(User-Agent)': 'curl/8.9.1%20(x)',
    'x-edge-result-type': 'Hit',
    'x-host-header': 'files.example.com',
    'time-taken': '2.5',
    'sc-content-len': '1000',
  };
  return FIELDS.split(' ')
    .map((name) => columns[name] ?? usual[name] ?? '-')
    .join('\t');
}

export const CLOUDFRONT_HEAD = `#Version: 1.0\n#Fields: ${FIELDS}`;
