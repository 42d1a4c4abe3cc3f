import { fsStore, serve } from 'rangeway/node';
import { createApp } from './app.ts';

const { FOLDER = '/srv/files', PORT = '8787' } = process.env;
const { url } = await serve(createApp({ store: fsStore(FOLDER) }), { port: Number(PORT) });
console.log(`${url}/files/`);
