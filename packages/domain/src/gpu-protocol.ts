/**
 * The GPU protocol: every message between the worker, the API and a GPU, as one file of tagged schemas.
 *
 * Order of one attempt: the worker submits a {@link ticket}; the GPU claims it and gets a {@link workOrder}; it asks for
 * one upload URL per object and reports {@link gpuEvent}s. The terminal event is also the return value of the GPU call,
 * so a lost webhook loses nothing. Python's models are generated from these schemas (`scripts/export-protocol.ts`).
 */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { isSmallWebp } from './small-webp.ts';

const id = z.uuid();
/** Attempts count from 1 within a job; epochs count from 1 within an attempt. */
const attempt = z.int().min(1).max(100);
const claimEpoch = z.int().min(1).max(100);
/** Of the provider's making. What it writes is text that can be stored and logged: printable ASCII without spaces. */
const callId = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[!-~]+$/);
/** Hex HMAC-SHA256 of `jobId‖attempt` under the server's ticket key. */
const ticketToken = z.string().regex(/^[0-9a-f]{64}$/);
/** base64 of a SHA-256 digest (44 characters), the form S3 checksums use. */
const sha256 = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);
const url = z.string().min(1).max(4096);
/** Only letters that `keys.ts` of the storage package uses: a NUL in it would be JSON, and nothing Postgres can store. */
const storageKey = z.string().regex(/^[A-Za-z0-9._/-]{1,512}$/);
const edgePx = z.int().min(1).max(LIMITS.size.max);
const step = z.int().min(0).max(100_000);

/** What travels through a provider's queue: no prompt, no photo URL, no secret that outlives the claim. */
export const ticket = z.strictObject({ jobId: id, attempt, token: ticketToken, claimUrl: url });
export type Ticket = z.infer<typeof ticket>;

export const submitAnswer = z.strictObject({ callId });

export const claimRequest = z.strictObject({ jobId: id, attempt, token: ticketToken, callId });
export type ClaimRequest = z.infer<typeof claimRequest>;

/** A file the GPU may fetch: a presigned GET, valid for a limited time. */
const sourceFile = z.strictObject({ url, sizeBytes: z.int().min(1), sha256: sha256.nullable() });

/** Base model profiles a GPU can load. */
export const gpuProfile = z.enum(['nano', 'tiny', 'sdxl']);
export type GpuProfile = z.infer<typeof gpuProfile>;

/** `auto`: what the GPU's captioner sees is added, where it has one; otherwise as `template`. */
export const captionMode = z.enum(['template', 'auto']);
export type CaptionMode = z.infer<typeof captionMode>;

export const trainSettings = z.strictObject({
  steps: z.int().min(LIMITS.training.steps.min).max(LIMITS.training.steps.max),
  rank: z.int().min(LIMITS.training.rank.min).max(LIMITS.training.rank.max),
  learningRate: z.number().min(LIMITS.training.learningRate.min).max(LIMITS.training.learningRate.max),
  resolution: z.int().min(LIMITS.training.resolution.min).max(LIMITS.training.resolution.max).multipleOf(8),
  batchSize: z.int().min(LIMITS.training.batchSize.min).max(LIMITS.training.batchSize.max),
  /** Weight of the prior preservation loss; 0 for anything but people. */
  priorWeight: z.number().min(LIMITS.training.priorWeight.min).max(LIMITS.training.priorWeight.max),
  captions: captionMode,
  checkpointEveryMs: z.int().min(LIMITS.training.checkpointEveryMs.min).max(LIMITS.training.checkpointEveryMs.max),
  /** As written in a stored training; compiled, with trigger and class word, in a work order. */
  samplePrompts: z.array(z.string().min(1).max(LIMITS.compiledPrompt.max)).max(LIMITS.training.samplePrompts.max),
  /** End as soon as the samples stop coming closer to the photos (see `plateau.ts`); needs a sample prompt. */
  stopEarly: z.boolean(),
  seed: z.int().min(0).max(LIMITS.maxSeed),
});
export type TrainSettings = z.infer<typeof trainSettings>;

const orderHead = {
  jobId: id,
  attempt,
  claimEpoch,
  /** `whsec_` + base64: signs this claim's events (Standard Webhooks). */
  signingSecret: z.string().regex(/^whsec_[A-Za-z0-9+/]{43}=$/),
  eventsUrl: url,
  uploadsUrl: url,
  profile: gpuProfile,
};

export const trainOrder = z.strictObject({
  kind: z.literal('train'),
  ...orderHead,
  /** Unique token of the subject, `sks_` + 6 base32 letters. */
  triggerWord: z.string().regex(/^sks_[a-z2-7]{6}$/),
  /** What the subject is, e.g. `woman`, `dog`. */
  classWord: z.string().min(1).max(40),
  settings: trainSettings,
  photos: z
    .array(sourceFile.extend({ photoId: id }))
    .min(LIMITS.photos.min)
    .max(LIMITS.photos.max),
  /** Latest checkpoint of an earlier claim of this attempt, or null: training resumes from it. */
  resume: sourceFile.extend({ step }).nullable(),
});
export type TrainOrder = z.infer<typeof trainOrder>;

/** Samplers that draw no noise of their own, so that a seed alone fixes the picture. */
export const schedulerName = z.enum(['euler', 'dpmpp-2m-karras', 'ddim']);
export type SchedulerName = z.infer<typeof schedulerName>;
export const imageFormat = z.enum(['png', 'webp']);
export type ImageFormat = z.infer<typeof imageFormat>;

export const plannedImage = z.strictObject({
  imageId: id,
  prompt: z.string().min(1).max(LIMITS.compiledPrompt.max),
  negativePrompt: z.string().max(LIMITS.prompt.max),
  seed: z.int().min(0).max(LIMITS.maxSeed),
});
export type PlannedImage = z.infer<typeof plannedImage>;

export const generateOrder = z.strictObject({
  kind: z.literal('generate'),
  ...orderHead,
  /** The model's LoRA in diffusers layout. */
  weights: sourceFile.extend({ weight: z.number().min(LIMITS.loraWeight.min).max(LIMITS.loraWeight.max) }),
  width: z.int().min(LIMITS.size.min).max(LIMITS.size.max).multipleOf(LIMITS.size.multipleOf),
  height: z.int().min(LIMITS.size.min).max(LIMITS.size.max).multipleOf(LIMITS.size.multipleOf),
  steps: z.int().min(LIMITS.inferenceSteps.min).max(LIMITS.inferenceSteps.max),
  guidance: z.number().min(LIMITS.guidance.min).max(LIMITS.guidance.max),
  scheduler: schedulerName,
  /** Few steps, for a quick look; the image's recipe says so. */
  draft: z.boolean(),
  format: imageFormat,
  /** Only those not finished by an earlier claim or attempt. */
  images: z.array(plannedImage).min(1).max(LIMITS.imagesPerGeneration.max),
});
export type GenerateOrder = z.infer<typeof generateOrder>;

export const workOrder = z.discriminatedUnion('kind', [trainOrder, generateOrder]);
export type WorkOrder = z.infer<typeof workOrder>;

/**
 * How alike sample images are to the photos: 0 like any other thing, 1 like the photos are to each other. Null where the
 * host has no scorer for the base model, or nothing was drawn.
 */
export const likenessScore = z.number().min(0).max(1);

export const uploadPurpose = z.enum(['weights', 'kohya-weights', 'checkpoint', 'sample', 'image']);
export type UploadPurpose = z.infer<typeof uploadPurpose>;

/** What each purpose stores: nothing but pictures ends up where pictures are shown. */
const UPLOAD_TYPES: Record<UploadPurpose, readonly string[]> = {
  weights: ['application/octet-stream'],
  'kohya-weights': ['application/octet-stream'],
  checkpoint: ['application/octet-stream'],
  sample: ['image/png'],
  image: ['image/png', 'image/webp'],
};

export const uploadRequest = z
  .strictObject({
    jobId: id,
    attempt,
    token: ticketToken,
    claimEpoch,
    purpose: uploadPurpose,
    /** The planned image for `image`, an id of the GPU's own making for `sample`; null otherwise. */
    imageId: id.nullable(),
    /** The training step for what a training stores; null otherwise. */
    step: step.nullable(),
    contentType: z.enum(['image/png', 'image/webp', 'application/octet-stream']),
    sizeBytes: z.int().min(1).max(LIMITS.uploadBytes.max),
    sha256,
  })
  .refine(({ purpose, contentType }) => UPLOAD_TYPES[purpose].includes(contentType), { path: ['contentType'] })
  .refine(({ contentType, sizeBytes }) => !contentType.startsWith('image/') || sizeBytes <= LIMITS.pictureBytes.max, {
    path: ['sizeBytes'],
  });
export type UploadRequest = z.infer<typeof uploadRequest>;

/** A PUT signed for exactly this length and checksum; send it with exactly these headers. */
export const uploadAnswer = z.strictObject({ url, headers: z.record(z.string(), z.string()), key: storageKey });
export type UploadAnswer = z.infer<typeof uploadAnswer>;

const storedObject = z.strictObject({ key: storageKey, sizeBytes: z.int().min(1), sha256 });
export type StoredObject = z.infer<typeof storedObject>;

/** Public failure codes a GPU may report. `retryable` ones are tried again as a new attempt. */
export const gpuFailureCode = z.enum([
  'GPU_OUT_OF_MEMORY',
  'GPU_LOST',
  'BASE_MODEL_UNAVAILABLE',
  'PHOTO_UNREADABLE',
  'WEIGHTS_UNREADABLE',
  'DOWNLOAD_FAILED',
  'UPLOAD_FAILED',
  'TOO_MANY_CLAIMS',
  'SAFETY_BLOCKED',
  'CANCELLED',
  'INVALID_WORK_ORDER',
  'GPU_INTERNAL',
]);
export type GpuFailureCode = z.infer<typeof gpuFailureCode>;

export const gpuPhase = z.enum(['loading', 'downloading', 'encoding', 'training', 'sampling', 'saving']);
export type GpuPhase = z.infer<typeof gpuPhase>;

const eventHead = { jobId: id, attempt, claimEpoch };
const gpuMs = z.int().min(0);

/** base64 of a WebP file of at most 128 px: a few kB. */
export const previewData = z
  .string()
  .regex(/^[A-Za-z0-9+/]+={0,2}$/)
  .max(LIMITS.previewBase64.max)
  .refine((base64) => isSmallWebp(base64, LIMITS.previewEdgePx.max));

/** What the classifier of a GPU host said of an image; null where a host has none. */
export const safetyVerdict = z.strictObject({
  /** Name and version, e.g. `open-nsfw@0.1.0`. */
  classifier: z.string().regex(/^[a-z0-9.-]{1,60}@[A-Za-z0-9.+-]{1,40}$/),
  /** 0 (harmless) to 1. */
  score: z.number().min(0).max(1),
  verdict: z.enum(['passed', 'blocked']),
});
export type SafetyVerdict = z.infer<typeof safetyVerdict>;

export const heartbeatEvent = z.strictObject({ type: z.literal('heartbeat'), ...eventHead, phase: gpuPhase });

export const progressEvent = z.strictObject({
  type: z.literal('progress'),
  ...eventHead,
  phase: gpuPhase,
  step,
  totalSteps: step,
  /** Training loss of this step; null outside training. */
  loss: z.number().nullable(),
  /** The images being drawn, which are one batch; empty in training. */
  imageIds: z.array(id).max(LIMITS.imagesPerBatch.max),
});

/** Rough pictures of what is being drawn. Shown as they come, never stored; at most one event per second. */
export const previewEvent = z.strictObject({
  type: z.literal('preview'),
  ...eventHead,
  images: z
    .array(z.strictObject({ imageId: id, webp: previewData }))
    .min(1)
    .max(LIMITS.imagesPerBatch.max),
});

/** One image of several, as soon as it is there. The last one, when it is stored, comes with the end that follows it. */
export const imageEvent = z.strictObject({
  type: z.literal('image'),
  ...eventHead,
  imageId: id,
  result: z.discriminatedUnion('status', [
    storedObject.extend({
      status: z.literal('succeeded'),
      width: edgePx,
      height: edgePx,
      gpuMs,
      safety: safetyVerdict.nullable(),
    }),
    z.strictObject({ status: z.literal('failed'), code: gpuFailureCode, safety: safetyVerdict.nullable() }),
  ]),
});

export const checkpointEvent = z.strictObject({
  type: z.literal('checkpoint'),
  ...eventHead,
  step,
  object: storedObject,
  loss: z.number().nullable(),
});

/** The LoRA of a step before the last, in diffusers' layout: a person may use it instead of the last one. */
export const weightsEvent = z.strictObject({
  type: z.literal('weights'),
  ...eventHead,
  step,
  object: storedObject,
  likeness: likenessScore.nullable(),
});

/** A picture drawn during a training. One that gets lost is not sent again: the training does not depend on it. */
export const sampleEvent = z.strictObject({
  type: z.literal('sample'),
  ...eventHead,
  step,
  /** Which of the order's sample prompts. */
  index: z
    .int()
    .min(0)
    .max(LIMITS.training.samplePrompts.max - 1),
  object: storedObject,
  width: edgePx,
  height: edgePx,
});

export const succeededEvent = z.strictObject({
  type: z.literal('succeeded'),
  ...eventHead,
  gpuMs,
  /** Present for a training, null for a generation. */
  training: z
    .strictObject({
      /** In diffusers' layout. */
      weights: storedObject,
      /** The same LoRA in Kohya's layout. */
      kohyaWeights: storedObject,
      /** Done in all; fewer than ordered only after an early stop. */
      steps: step,
      /** Of the samples of the last step. */
      likeness: likenessScore.nullable(),
      /** `[step, loss]`, at most 500 points. */
      lossHistory: z.array(z.tuple([step, z.number()])).max(500),
    })
    .nullable(),
  /**
   * Every image of a generation, also those that had events of their own, so that the return value alone completes the
   * job when all webhooks were lost. Empty for a training.
   */
  images: z.array(imageEvent.pick({ imageId: true, result: true })).max(LIMITS.imagesPerGeneration.max),
});

export const failedEvent = z.strictObject({
  type: z.literal('failed'),
  ...eventHead,
  gpuMs,
  code: gpuFailureCode,
  retryable: z.boolean(),
});

export const gpuEvent = z.discriminatedUnion('type', [
  heartbeatEvent,
  progressEvent,
  previewEvent,
  imageEvent,
  checkpointEvent,
  weightsEvent,
  sampleEvent,
  succeededEvent,
  failedEvent,
]);
export type GpuEvent = z.infer<typeof gpuEvent>;
export type ImageEvent = z.infer<typeof imageEvent>;
export type SucceededEvent = z.infer<typeof succeededEvent>;
export type FailedEvent = z.infer<typeof failedEvent>;
export type CheckpointEvent = z.infer<typeof checkpointEvent>;
export type WeightsEvent = z.infer<typeof weightsEvent>;
export type SampleEvent = z.infer<typeof sampleEvent>;
export type ProgressEvent = z.infer<typeof progressEvent>;
export type PreviewEvent = z.infer<typeof previewEvent>;
/** Events that must not be lost: stored before they are acknowledged. */
export type DurableGpuEvent = ImageEvent | CheckpointEvent | WeightsEvent | SampleEvent | SucceededEvent | FailedEvent;

export const terminalEvent = z.discriminatedUnion('type', [succeededEvent, failedEvent]);
export type TerminalEvent = z.infer<typeof terminalEvent>;

/**
 * What a provider says of one call. `lost`: the provider no longer knows it or it ended without a result.
 * `superseded`: the call ended without work because its claim was refused.
 */
export const callStatus = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('pending') }),
  z.strictObject({ state: z.literal('finished'), result: terminalEvent }),
  z.strictObject({ state: z.literal('superseded') }),
  z.strictObject({ state: z.literal('cancelled') }),
  z.strictObject({ state: z.literal('lost'), reason: z.string().max(200) }),
]);
export type CallStatus = z.infer<typeof callStatus>;

/** True for the events that are stored in the inbox before they are acknowledged. */
export function isDurable(event: GpuEvent): event is DurableGpuEvent {
  return event.type !== 'heartbeat' && event.type !== 'progress' && event.type !== 'preview';
}
