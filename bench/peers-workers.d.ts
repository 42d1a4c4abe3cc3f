/** Declares packages of bench/package.json that run in workerd, so that types can be checked without them. */
declare module 'render2' {
  const worker: { fetch(request: Request): Promise<Response> };
  export default worker;
}
