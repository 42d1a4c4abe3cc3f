import { signLink } from '../../src/access/index.ts';
import { KEYS } from '../access/links.ts';

/** Makes links of targets: one prefix link for everything, its parameters behind those that a target has. */
export async function signer(): Promise<(target: string) => string> {
  const expires = Math.floor(Date.now() / 1000) + 3_600;
  const { search } = new URL(await signLink('http://localhost/', { expires, prefix: '/' }, KEYS[0]));
  return (target) => {
    const [address = '', ...fragment] = target.split('#');
    return [`${address}${address.includes('?') ? '&' : '?'}${search.slice(1)}`, ...fragment].join('#');
  };
}
