import { Hono } from 'hono';
import { createGateway, memoryStore } from 'rangeway';
import { serve } from 'rangeway/node';

const store = memoryStore();
await store.put('/leading', new TextEncoder().encode('0123456789'));

/** By `mount`, which takes a gateway in another copy of hono too. */
const app = new Hono().mount('/files', createGateway({ store }).fetch);
const { url } = await serve(app, { port: 0 });
console.log(`${url}/files/`);
