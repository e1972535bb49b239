import { forwardToApi } from '@/http/forward';

/** One image of the caller at a width, after the API's owner check. */
export const GET = forwardToApi;
