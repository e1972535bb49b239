import { forwardToApi } from '@/http/forward';

/** A sample image of one of the caller's own trainings. */
export const GET = forwardToApi;
