// The health check of the image, which has no curl. It fails if the address is not answered 200.
const { ok, status } = await fetch('http://127.0.0.1:8787/.rangeway/health');
if (!ok) throw new Error(`status ${status}`);
