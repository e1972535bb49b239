import { createLoader } from 'nuqs/server';
import { uuidParser } from './filters';

/** The two pictures of a comparison, from its address. */
export const readPair = createLoader({ a: uuidParser, b: uuidParser });
