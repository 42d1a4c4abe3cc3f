/** Stands for all fields: code that copies or lists them reads them all. */
const ALL = 'all fields, one by one';

/**
 * Returns the same request, whose header fields note in `names` which of them are read, in lower case.
 */
export function withRecordedFields(request: Request, names: Set<string>): Request {
  const headers = new Proxy(request.headers, {
    get(target, member) {
      const value: unknown = Reflect.get(target, member, target);
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]): unknown => {
        names.add(member === 'get' || member === 'has' ? String(args[0]).toLowerCase() : ALL);
        return Reflect.apply(value, target, args);
      };
    },
  });
  return new Proxy(request, {
    get(target, member) {
      if (member === 'headers') return headers;
      const value: unknown = Reflect.get(target, member, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/**
 * Notes in `names` which parameters are asked for by name, in all queries that are parsed until the function that is
 * returned is called. Link parameters are found by their prefix, so parsed queries may also be listed.
 */
export function recordQueries(names: Set<string>): () => void {
  const { prototype } = URLSearchParams;
  const originals = (['get', 'getAll', 'has'] as const).map((member) => [member, prototype[member]] as const);
  for (const [member, original] of originals) {
    Object.defineProperty(prototype, member, {
      configurable: true,
      writable: true,
      value(this: URLSearchParams, name: string, ...rest: readonly unknown[]): unknown {
        names.add(name);
        return Reflect.apply(original, this, [name, ...rest]);
      },
    });
  }
  return () => {
    for (const [member, original] of originals) {
      Object.defineProperty(prototype, member, { configurable: true, writable: true, value: original });
    }
  };
}
