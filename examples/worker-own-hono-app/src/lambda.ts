import { streamHandle } from 'rangeway/lambda';
import { s3Storage } from 'rangeway/s3';
import { createApp } from './app.ts';

const { BUCKET = 'my-bucket', ENDPOINT } = process.env;
const access = { endpoint: ENDPOINT, pathStyle: ENDPOINT !== undefined };

export const handler = streamHandle(createApp({ store: s3Storage({ bucket: BUCKET, access }) }));
