import { webFetcher } from '../../src/client/fetcher.ts';
import { fetcherContract } from './fetcher-contract.ts';

fetcherContract('the global fetch', webFetcher());
