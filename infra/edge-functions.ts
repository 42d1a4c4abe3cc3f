import { Function as EdgeFunction, FunctionCode, FunctionEventType, FunctionRuntime } from 'aws-cdk-lib/aws-cloudfront';
import type { FunctionAssociation } from 'aws-cdk-lib/aws-cloudfront';
import type { Construct } from 'constructs';
import { ALLOWED_HEADERS } from '../src/http/cors.ts';
import { ABSENT } from '../src/platform/lambda/cdn-links.ts';
import { EDGE_FIELDS } from '../src/platform/lambda/event.ts';

/** The field by which the cache distinguishes the versions of a bucket without version ids. */
export const TAG_FIELD = 'x-rangeway-tag';

// The functions are text, because CloudFront takes text: a function of this module would reach it as the bundler of the
// CDK app has rewritten it. They are in the older JavaScript that its runtime 2.0 has in full.

/**
 * Runs on every request for the gateway. Tells it the client's address and the host that the client asked for, which
 * CloudFront sends to no origin that has its own host; and for the key of the cache, whether the client prefers the JSON
 * of a folder. The fields replace what a client may have sent.
 */
export const VIEWER_FUNCTION = `
function handler(event) {
  var request = event.request;
  request.headers['${EDGE_FIELDS.viewer}'] = { value: event.viewer.ip };
  request.headers['${EDGE_FIELDS.host}'] = { value: request.headers.host.value };
  var accept = request.headers.accept ? valuesOf(request.headers.accept) : '*/*';
  var isJson = qualityOf(accept, 'application/json') > qualityOf(accept, 'text/html');
  request.headers['${EDGE_FIELDS.format}'] = { value: isJson ? 'json' : 'html' };
  return request;
}

function valuesOf(field) {
  return field.multiValue ? field.multiValue.map((one) => one.value).join(',') : field.value;
}

// The same rule as in the gateway (src/http/accept.ts), which evaluates Accept itself.
function qualityOf(accept, type) {
  var ranges = [type, type.slice(0, type.indexOf('/')) + '/*', '*/*'];
  var best = ranges.length;
  var quality = 0;
  accept.split(',', 32).forEach((member) => {
    var parts = member.split(';').map((part) => part.trim().toLowerCase());
    var rank = ranges.indexOf(parts[0]);
    if (rank === -1 || rank >= best) return;
    best = rank;
    quality = 1;
    for (var i = parts.length - 1; i > 0; i--) {
      var weight = /^q=(0(?:\\.\\d{0,3})?|1(?:\\.0{0,3})?)$/.exec(parts[i]);
      if (weight) quality = Number(weight[1]);
    }
  });
  return quality;
}
`;

/**
 * Runs on every request for an object, after CloudFront has checked the signature of its address. It makes a request to
 * S3 of the path that the gateway has signed (`cdnPath`): key, version and disposition, and the entity tag as If-Match.
 * The gateway has evaluated the conditions of the request, so they are not sent on. A condition that names another
 * version still fails, for clients that use the address again.
 */
export const OBJECT_FUNCTION = `
var CORS = {
  'access-control-allow-origin': { value: '*' },
  'access-control-allow-methods': { value: 'GET, HEAD' },
  'access-control-allow-headers': { value: '${ALLOWED_HEADERS}' },
  'access-control-max-age': { value: '86400' },
  'cache-control': { value: 'no-store' },
};

function handler(event) {
  var request = event.request;
  var headers = request.headers;
  // '', '.rangeway', 'object', form, tag, version, disposition, and the segments of the key
  var parts = request.uri.split('/');
  var form = parts[3];
  if (parts.length < 8 || (form !== 'range' && form !== 'whole')) return respond(404, 'Not Found');
  if (request.method === 'OPTIONS') return respond(204, 'No Content');
  var tag = '"' + decodeURIComponent(parts[4]) + '"';
  if (headers['if-match'] && !includes(headers['if-match'].value, tag)) return respond(412, 'Precondition Failed');
  // A date was compared by the gateway, with the date of this version.
  var ifRange = headers['if-range'] ? headers['if-range'].value.trim() : '';
  var isStale = /^(?:W\\/)?"/.test(ifRange) && ifRange !== tag;
  if (form === 'whole' || isStale) delete headers['range'];
  delete headers['if-range'];
  delete headers['if-none-match'];
  delete headers['if-modified-since'];
  delete headers['if-unmodified-since'];
  headers['if-match'] = { value: tag };
  // CloudFront has no conditions in its keys.
  headers['${TAG_FIELD}'] = { value: tag };
  request.querystring = {};
  if (parts[5] !== '${ABSENT}') request.querystring['versionId'] = { value: parts[5] };
  if (parts[6] !== '${ABSENT}') request.querystring['response-content-disposition'] = { value: parts[6] };
  request.uri = '/' + parts.slice(7).join('/');
  return request;
}

function includes(list, tag) {
  return list.trim() === '*' || (list.match(/(?:W\\/)?"[^"]*"/g) || []).indexOf(tag) >= 0;
}

function respond(statusCode, statusDescription) {
  return { statusCode: statusCode, statusDescription: statusDescription, headers: CORS };
}
`;

/** Makes a function that runs before the cache is asked. */
export function createEdgeFunction(scope: Construct, id: string, code: string): FunctionAssociation {
  return {
    eventType: FunctionEventType.VIEWER_REQUEST,
    function: new EdgeFunction(scope, id, {
      comment: 'Rangeway',
      code: FunctionCode.fromInline(code),
      runtime: FunctionRuntime.JS_2_0,
    }),
  };
}
