import { forwardToApi } from '@/http/forward';

/** The queue board; the API shows it to administrators only. */
export const GET = forwardToApi;
export const POST = forwardToApi;
export const PUT = forwardToApi;
export const PATCH = forwardToApi;
export const DELETE = forwardToApi;
