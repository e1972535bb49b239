import { z } from 'zod';
import { id, isoTime, page, pageInput } from './common.ts';
import { gpuPhase, previewData } from './gpu-protocol.ts';
import { jobKind, jobState } from './job-state.ts';

/** Why a job ended badly, in words for the person: what happened, what it cost, what to do. */
export const jobFailure = z.object({ code: z.string(), message: z.string(), nextStep: z.string() });
export type JobFailure = z.infer<typeof jobFailure>;

export const jobView = z.object({
  id,
  kind: jobKind,
  state: jobState,
  /** The training or generation this job works for. */
  orderId: id,
  attempt: z.int(),
  maxAttempts: z.int(),
  phase: gpuPhase.nullable(),
  step: z.int(),
  totalSteps: z.int(),
  createdAt: isoTime,
  startedAt: isoTime.nullable(),
  endedAt: isoTime.nullable(),
  lastHeardAt: isoTime.nullable(),
  failure: jobFailure.nullable(),
  /** What this job cost; 0 until it ends, and 0 for ever when it failed. */
  costMicroUsd: z.int(),
});
export type JobView = z.infer<typeof jobView>;

/** A job where it stands by itself: with what it is about. */
export const namedJobView = jobView.extend({
  modelId: id,
  /** Of a training the model's name; of pictures the pack's name, or the prompt. */
  title: z.string(),
});
export type NamedJobView = z.infer<typeof namedJobView>;

export const jobEventType = z.enum([
  'queued',
  'dispatching',
  'running',
  'image',
  'checkpoint',
  'weights',
  'sample',
  'attempt-ended',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
]);
export type JobEventType = z.infer<typeof jobEventType>;

/** One line of a job's durable history; `number` grows over the whole installation and is the live stream's id. */
export const jobEventView = z.object({
  number: z.string(),
  jobId: id,
  orderId: id,
  kind: jobKind,
  type: jobEventType,
  attempt: z.int(),
  at: isoTime,
  imageId: id.nullable(),
  step: z.int().nullable(),
  code: z.string().nullable(),
});
export type JobEventView = z.infer<typeof jobEventView>;

/** A sign of life while a job works. It may be lost: the next one says more. */
export const jobProgressView = z.object({
  jobId: id,
  orderId: id,
  kind: jobKind,
  attempt: z.int(),
  phase: gpuPhase,
  step: z.int(),
  totalSteps: z.int(),
  loss: z.number().nullable(),
  /** The images being drawn; empty outside of drawing. */
  imageIds: z.array(id),
  at: isoTime,
});
export type JobProgressView = z.infer<typeof jobProgressView>;

/** A rough picture of an image that is being drawn: base64 of a small WebP. Shown as it comes, never stored. */
export const imagePreview = z.object({ jobId: id, attempt: z.int(), imageId: id, webp: previewData });
export type ImagePreview = z.infer<typeof imagePreview>;

/** What the one live stream of a tab carries. `reset`: the tail is gone, fetch again. `hello`: the stream is open; what
 * comes after event `number` will be told. */
export const liveMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('event'), event: jobEventView }),
  z.object({ type: z.literal('progress'), progress: jobProgressView }),
  z.object({ type: z.literal('preview'), preview: imagePreview }),
  z.object({ type: z.literal('photo'), photoId: id, modelId: id }),
  z.object({ type: z.literal('hello'), number: z.string() }),
  z.object({ type: z.literal('reset') }),
]);
export type LiveMessage = z.infer<typeof liveMessage>;

export const listJobsInput = pageInput.extend({
  kind: jobKind.optional(),
  live: z.stringbool().or(z.boolean()).optional(),
  state: jobState.optional(),
  /** Only those that ended failed or expired within 14 days, with nothing that took their place since. */
  endedBadly: z.stringbool().or(z.boolean()).optional(),
});
export const jobPage = page(namedJobView);
export const jobDetailView = namedJobView.extend({
  events: z.array(jobEventView),
  attempts: z.array(
    z.object({
      attempt: z.int(),
      startedAt: isoTime,
      claimedAt: isoTime.nullable(),
      claims: z.int(),
      endedAt: isoTime.nullable(),
      cause: z.string().nullable(),
    }),
  ),
});
export type JobDetailView = z.infer<typeof jobDetailView>;
export const liveInput = z.strictObject({
  lastEventId: z
    .string()
    .regex(/^\d{1,19}$/)
    .nullish(),
});
