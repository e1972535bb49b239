import { resolve } from 'node:path';

/** The checkout's root. */
export const repositoryRoot = resolve(import.meta.dirname, '../..');

/** Where a started product keeps its data unless told otherwise. The folder above it also holds tools that survive a reset. */
export const defaultDataFolder = resolve(repositoryRoot, '.pixgen/data');
