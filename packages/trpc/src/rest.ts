import type { OpenApiMeta } from 'trpc-to-openapi';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** The same procedure as a REST call under `/api/v1`. */
export function rest(method: Method, path: `/${string}`, tag: string): OpenApiMeta {
  return { openapi: { method, path, tags: [tag], protect: true } };
}
