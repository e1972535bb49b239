import { createHash, randomInt } from 'node:crypto';
import { insertModel, isUniqueViolation, type NewConsent, updateModel as updateRow } from '@pixgen/db';
import {
  AppError,
  CONSENT,
  type ConsentInput,
  type CreateModelInput,
  DEFAULT_LANGUAGE,
  fieldRefusal,
  isMinorClass,
  isPersonClass,
  MINOR_CLASS,
  type ModelView,
  newId,
  say,
  type UpdateModelInput,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { ownModel } from './own-model.ts';
import { viewModel } from './view-model.ts';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
/** A billion words: two models meet once in a blue moon, five times running never. */
const WORD_TRIES = 5;

/** The token that stands for the subject in every prompt. Random, so that no name of a person is ever in it. */
export function newTriggerWord(): string {
  return `sks_${Array.from({ length: 6 }, () => BASE32[randomInt(BASE32.length)]).join('')}`;
}

/** The n-th word of a seed; a new process begins again, and a word that is taken is passed over. */
function seededWord(seed: string, n: number): string {
  const digest = createHash('sha256').update(`${seed}:${n}`).digest();
  return `sks_${Array.from({ length: 6 }, (_, index) => BASE32[(digest[index] ?? 0) % BASE32.length]).join('')}`;
}

function wordMaker(deps: Deps): (tries: number) => string {
  const seed = deps.config.triggerWordSeed;
  return seed === null ? newTriggerWord : (tries) => seededWord(seed, tries);
}

/** @param makeWord for tests that want a collision */
export async function createModel(
  deps: Deps,
  actor: Actor,
  input: CreateModelInput,
  makeWord: (tries: number) => string = wordMaker(deps),
): Promise<ModelView> {
  assertNoMinor(input.classWord);
  const consent = input.consent ? toConsent(input.consent, input.classWord) : null;
  const id = newId();
  for (let tries = 1; ; tries += 1) {
    const model = {
      id,
      userId: actor.userId,
      name: input.name,
      classWord: input.classWord,
      triggerWord: makeWord(tries),
    };
    try {
      await insertModel(deps.db, model, consent);
      return await viewModel(deps, actor, id);
    } catch (error) {
      if (!isUniqueViolation(error, 'triggerWord') || tries === WORD_TRIES) throw error;
    }
  }
}

/**
 * Renames a model, changes what its subject is, keeps the draft's settings, or records a consent. The trigger word never
 * changes.
 *
 * @throws AppError NOT_FOUND; STATE_CONFLICT when the class word would change after a training used it
 */
export async function updateModel(deps: Deps, actor: Actor, input: UpdateModelInput): Promise<ModelView> {
  const model = await ownModel(deps, actor, input.id);
  const classWord = input.classWord ?? model.classWord;
  if (classWord !== model.classWord && model.state !== 'draft') {
    throw new AppError('STATE_CONFLICT', say`The subject can be changed only before the first training.`);
  }
  // A draft of before may still have such a word: it can be renamed, but nothing can be agreed to for it.
  if (input.classWord !== undefined || input.consent) assertNoMinor(classWord);
  const consent = input.consent ? toConsent(input.consent, classWord) : null;
  const change = {
    classWord,
    ...(input.name !== undefined && { name: input.name }),
    ...(input.plan !== undefined && { plan: input.plan }),
  };
  await updateRow(deps.db, model, change, consent);
  return viewModel(deps, actor, model.id);
}

/** @throws AppError INVALID_INPUT on `classWord` */
export function assertNoMinor(classWord: string): void {
  if (isMinorClass(classWord)) throw fieldRefusal('classWord', MINOR_CLASS);
}

function toConsent(input: ConsentInput, classWord: string): NewConsent {
  if (isPersonClass(classWord) && input.subject === 'not-a-person') {
    throw fieldRefusal('consent.subject', say`A person needs the statement about people.`);
  }
  const textHash = createHash('sha256')
    .update(CONSENT.text[input.language ?? DEFAULT_LANGUAGE][input.subject])
    .digest('hex');
  return { id: newId(), subject: input.subject, textVersion: input.textVersion, textHash };
}
