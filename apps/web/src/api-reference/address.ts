/** Where the API describes itself, below its own address, and where this app shows that. */
export const DOCUMENT = '/api/v1/openapi.json';
export const INTERACTIVE = '/api/v1/docs';
export const REFERENCE = '/docs/api';
