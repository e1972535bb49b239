import { forwardToApi } from '@/http/forward';

/** The typed client's calls and the live stream. */
export const GET = forwardToApi;
export const POST = forwardToApi;
