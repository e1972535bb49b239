import { randomInt } from 'node:crypto';
import { findJob, findPackVersion, findTrainingOfJob, type OwnedModelRow, readTrainingInput } from '@pixgen/db';
import {
  AppError,
  CONSENT,
  consentStands,
  consentSubject,
  DEADLINES,
  fieldRefusal,
  isFigureClass,
  isPersonClass,
  LIMITS,
  newId,
  notFound,
  PROFILES,
  photoLook,
  resolveTrainSettings,
  type Sentence,
  type StartTrainingInput,
  say,
  showsFace,
  type TrainingView,
  type TrainSettings,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { assertPromptsAllowed } from '../generation/judge-prompts.ts';
import { acceptJob, orStoredAnswer, sharedReplay } from '../jobs/accept-job.ts';
import { assertNoMinor } from '../models/write-model.ts';
import { acceptedTrainingView } from './training-view.ts';

const FACES_IN_MOST = say`Most of the photos show a person’s face, but the subject is no person. If it is one, say so in the first step and confirm that statement; else remove or crop these photos. Call a figure what it is, such as "doll" or "statue".`;
const NO_PRIOR = say`Use 0: prior preservation is for people, and the subject is something else.`;

/**
 * Accepts a training of the caller's own model on its validated photos.
 *
 * @throws AppError NOT_FOUND, CONSENT_MISSING, PHOTOS_TOO_FEW / PHOTOS_TOO_MANY / PHOTO_NOT_READY, PROMPT_REFUSED, INVALID_INPUT
 *   (resolution, priorWeight), STATE_CONFLICT (one training per model at a time), or what acceptance throws
 */
export async function startTraining(deps: Deps, actor: Actor, input: StartTrainingInput): Promise<TrainingView> {
  const { userId } = actor;
  const call = { userId, procedure: 'training.start', idempotencyKey: input.idempotencyKey, body: input };
  const replay = sharedReplay(userId, (jobId) => acceptedTraining(deps, actor, jobId));
  return orStoredAnswer(deps, call, replay, async () => {
    const model = await deps.jobs.readOwnedModel({ modelId: input.modelId, userId });
    if (!model) throw notFound('model');
    const { photos, consent } = await readTrainingInput(deps.db, model.id);
    const { profile } = deps.config;
    // Small enough for every store, and the same for a repeated call: the seed is part of the answer.
    const seed = randomInt(LIMITS.maxSeed + 1);
    const { preset, overrides } = input;
    const isPerson = isPersonClass(model.classWord);
    const choice = { profile, preset, photoCount: photos.length, isPerson, seed, overrides };
    const settings = resolveTrainSettings(choice);
    assertNoMinor(model.classWord);
    assertConsent(model, consent);
    assertFacesFit(model.classWord, photos);
    assertPhotos(photos);
    assertResolution(profile, settings.resolution);
    assertStoppable(settings);
    await assertPromptsAllowed(deps, settings.samplePrompts, model.classWord, userId);
    if (settings.priorWeight > 0 && !isPerson) throw overrideFault('priorWeight', NO_PRIOR);
    const pack = input.pack ? await orderedPack(deps, model, input.pack) : null;
    const order = { profile, preset, settings, photoIds: photos.map((photo) => photo.id), pack };
    const orderId = newId();
    const answer = await acceptJob(deps, {
      ...call,
      kind: 'train',
      orderId,
      modelId: model.id,
      retryOf: null,
      holdMicroUsd: deps.config.prices.trainMicroUsd,
      deadlineMs: DEADLINES.trainJobMs,
      generation: null,
      training: order,
    });
    if (answer.outcome === 'replayed') return replay(answer.jobId);
    const row = { id: orderId, userId, modelId: model.id, ...order, createdAt: answer.at };
    return acceptedTrainingView(row, { id: answer.jobId, createdAt: answer.at });
  });
}

/** Pins the version of a pack that is to be run afterwards; prompts that would be refused then are refused now. */
async function orderedPack(deps: Deps, model: OwnedModelRow, { slug, n }: { slug: string; n: number }) {
  const version = await findPackVersion(deps.db, slug);
  if (!version) throw notFound('pack');
  const { max } = LIMITS.imagesPerGeneration;
  if (version.prompts.length * n > max) throw fieldRefusal('pack.n', say`Use at most ${max} pictures.`);
  await assertPromptsAllowed(deps, version.prompts, model.classWord, null);
  return { id: newId(), packVersionId: version.id, n };
}

/** The answer that the first call with a key got, rebuilt from what it wrote. */
export async function acceptedTraining(deps: Deps, actor: Actor, jobId: string): Promise<TrainingView> {
  const row = await findTrainingOfJob(deps.db, actor.userId, jobId);
  const job = row?.jobs.find(({ id }) => id === jobId) ?? (await findJob(deps.db, actor.userId, jobId));
  if (!row || !job) throw notFound('training');
  return acceptedTrainingView(row, job);
}

function assertConsent(model: OwnedModelRow, given: { subject: string; textVersion: string } | null): void {
  if (given === null)
    throw new AppError('CONSENT_MISSING', say`Confirm first that these photos may be used for training.`);
  const consent = { subject: consentSubject.parse(given.subject), textVersion: given.textVersion };
  if (consentStands(consent, model.classWord)) return;
  const newer = consent.textVersion !== CONSENT.version;
  throw new AppError(
    'CONSENT_MISSING',
    newer
      ? say`The statement has changed since you confirmed it. Read and confirm the new one.`
      : say`The subject is a person, so the person must have agreed. Confirm that statement.`,
  );
}

/**
 * The statement that no person can be recognised does not stand where most photos show a face. Of a few nothing is made: an
 * owner beside their dog, a poster on a wall.
 */
function assertFacesFit(classWord: string, photos: { look: unknown }[]): void {
  if (isPersonClass(classWord) || isFigureClass(classWord)) return;
  const withFace = photos.filter(({ look }) => look !== null && showsFace(photoLook.parse(look))).length;
  if (withFace * 2 <= photos.length) return;
  throw new AppError('CONSENT_MISSING', FACES_IN_MOST);
}

function assertPhotos(photos: { state: string }[]): void {
  const { min, max } = LIMITS.photos;
  const waiting = photos.filter((photo) => photo.state !== 'ready').length;
  const ready = photos.length - waiting;
  const fields = [{ path: 'photos', message: say`${min} to ${max} photos` }];
  if (photos.length > max)
    throw new AppError('PHOTOS_TOO_MANY', say`Use at most ${max} photos; there are ${photos.length}.`, { fields });
  if (waiting > 0)
    throw new AppError(
      'PHOTO_NOT_READY',
      say`${waiting} of the photos are still being uploaded or checked. Wait for them or remove them.`,
      { fields },
    );
  if (ready < min)
    throw new AppError('PHOTOS_TOO_FEW', say`Add at least ${min} photos; there are ${ready}.`, { fields });
}

/** Without samples nothing says whether the steps still help. */
function assertStoppable({ stopEarly, samplePrompts }: TrainSettings): void {
  if (stopEarly && samplePrompts.length === 0)
    throw overrideFault('stopEarly', say`Ending early needs at least one sample prompt to judge by.`);
}

function assertResolution(profile: keyof typeof PROFILES, resolution: number): void {
  const { min, max, multipleOf } = PROFILES[profile].size;
  if (resolution >= min && resolution <= max && resolution % multipleOf === 0) return;
  const message = say`Use ${min} to ${max} pixels in steps of ${multipleOf} with this base model.`;
  throw overrideFault('resolution', message);
}

function overrideFault(setting: string, message: Sentence): AppError {
  return fieldRefusal(`overrides.${setting}`, message);
}
