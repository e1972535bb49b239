/** Failure codes of jobs and images in words for the person: what happened and what to do. A failure costs nothing. */
import type { GpuFailureCode } from './gpu-protocol.ts';

export type JobFailureCode =
  | GpuFailureCode
  | 'DISPATCH_FAILED'
  | 'GPU_REFUSED'
  | 'NEVER_STARTED'
  | 'WENT_SILENT'
  | 'RESULT_INVALID'
  | 'DEADLINE'
  | 'KILLED_WORKER'
  | 'CANCELLED_BY_USER'
  | 'LOST'
  | 'TAKEN_DOWN';

export const FAILURES: Record<JobFailureCode, { message: string; nextStep: string }> = {
  GPU_OUT_OF_MEMORY: { message: 'The GPU ran out of memory.', nextStep: 'Try a smaller size or fewer images at once.' },
  GPU_LOST: { message: 'The GPU stopped in the middle of the work.', nextStep: 'Retry; nothing was charged.' },
  BASE_MODEL_UNAVAILABLE: {
    message: 'The base model could not be loaded.',
    nextStep: 'An operator should run `pixgen-gpu doctor`.',
  },
  PHOTO_UNREADABLE: {
    message: 'One of the photos could not be read.',
    nextStep: 'Remove or replace the photo, then train again.',
  },
  WEIGHTS_UNREADABLE: { message: 'The weights of this model could not be read.', nextStep: 'Train the model again.' },
  DOWNLOAD_FAILED: { message: 'The GPU could not fetch its input files.', nextStep: 'Retry; nothing was charged.' },
  UPLOAD_FAILED: { message: 'The GPU could not save its result.', nextStep: 'Retry; nothing was charged.' },
  TOO_MANY_CLAIMS: { message: 'The GPU was restarted too often.', nextStep: 'Retry later; nothing was charged.' },
  SAFETY_BLOCKED: {
    message: 'The safety check blocked this picture: it looks sexual. It was not kept and cost nothing.',
    nextStep: 'Say in the prompt what is worn, or describe another scene; another seed may be enough.',
  },
  CANCELLED: { message: 'The work was cancelled at the GPU provider.', nextStep: 'Retry; nothing was charged.' },
  INVALID_WORK_ORDER: {
    message: 'The GPU runs another version of PixGen than this server.',
    nextStep: 'An operator should deploy both again.',
  },
  GPU_INTERNAL: { message: 'The work failed on the GPU.', nextStep: 'Retry; nothing was charged.' },
  DISPATCH_FAILED: { message: 'No GPU could be reached.', nextStep: 'Retry later; nothing was charged.' },
  GPU_REFUSED: { message: 'The GPU provider refused the job.', nextStep: 'An operator should check the GPU settings.' },
  NEVER_STARTED: { message: 'No GPU became free in time.', nextStep: 'Retry later; nothing was charged.' },
  WENT_SILENT: { message: 'The GPU stopped answering.', nextStep: 'Retry; nothing was charged.' },
  RESULT_INVALID: { message: 'The result did not arrive as announced.', nextStep: 'Retry; nothing was charged.' },
  DEADLINE: { message: 'The job took longer than allowed and was stopped.', nextStep: 'Retry; nothing was charged.' },
  KILLED_WORKER: {
    message: 'Handling this job crashed the server several times, so it was given up.',
    nextStep: 'Nothing was charged. An operator should look at the worker’s log.',
  },
  CANCELLED_BY_USER: {
    message: 'You cancelled this job.',
    nextStep: 'Finished images are kept; start again when you like.',
  },
  LOST: { message: 'The file is not in the store any more.', nextStep: 'Retry draws it again.' },
  TAKEN_DOWN: {
    message: 'This picture was taken down after a report.',
    nextStep: 'The operator of this site can tell you more.',
  },
};

/** The words for a code; codes of newer versions read as an internal failure. */
export function describeFailure(code: string): { code: string; message: string; nextStep: string } {
  const known = Object.hasOwn(FAILURES, code) ? FAILURES[code as JobFailureCode] : FAILURES.GPU_INTERNAL;
  return { code, ...known };
}
