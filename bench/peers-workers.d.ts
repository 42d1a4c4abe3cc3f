/** As peers.d.ts, for what runs in workerd. */
declare module 'render2' {
  const worker: { fetch(request: Request): Promise<Response> };
  export default worker;
}
