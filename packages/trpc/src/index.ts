export { toAppError } from './errors.ts';
export { type AppRouter, appRouter } from './router.ts';
export type { Context } from './trpc.ts';
