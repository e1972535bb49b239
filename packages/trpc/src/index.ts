export { fieldFaults, toAppError } from './errors.ts';
export { tellError, toldIn } from './language/tell.ts';
export { createOpenApiDocument } from './openapi.ts';
export { listRestOperations, type RestOperation, takesIdempotencyKey } from './rest.ts';
export { type AppRouter, appRouter } from './router.ts';
export { asTrpcError, type Context, STREAM } from './trpc.ts';
