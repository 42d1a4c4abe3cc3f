// Apart from node.ts, so that who only signs links does not wait for a storage's SDK to load.
export {
  generateLinkKey,
  parseLinkKeys,
  signLink,
  verifyLink,
  type LinkKey,
  type LinkKeys,
  type LinkTerms,
} from '../access/index.ts';
