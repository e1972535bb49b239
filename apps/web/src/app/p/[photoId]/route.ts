import { forwardToApi } from '@/http/forward';

/** A thumbnail of one of the caller's own photos. */
export const GET = forwardToApi;
