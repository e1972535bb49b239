/** Reports of pictures: by anybody, decided by administrators within 48 hours. */
import { createHash, randomBytes } from 'node:crypto';
import {
  type DecideOutcome,
  decideReport as decideRow,
  fileReport as fileRow,
  findReport,
  findReportByCode,
  findReportTargets,
  listReportRows,
  logReportView,
  type ReportRow,
  readReportClock,
  type TargetRow,
} from '@pixgen/db';
import {
  AppError,
  type DecideReportInput,
  type FileReportInput,
  idsNamedIn,
  newId,
  notFound,
  type Page,
  REPORT_DUE_MS,
  type ReportClock,
  type ReportDetail,
  type ReportProgress,
  type ReportReceived,
  type ReportTarget,
  type ReportView,
  type Sentence,
  say,
} from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import type { Actor, Deps } from '../deps.ts';
import { shrinkPicture } from '../gallery/shrink-picture.ts';
import { typeOf } from '../gallery/view-image.ts';
import { toPage } from '../page.ts';
import { addressKey } from './address-key.ts';

const SHOWN_PX = 640;

/**
 * Takes a report, from anybody. What it names is not looked up: the answer says nothing of what exists.
 *
 * @param caller.address counted, and not kept
 * @returns with the code that shows the state
 * @throws AppError RATE_LIMITED
 */
export async function fileReport(
  deps: Deps,
  caller: { actor: Actor | null; address: string },
  input: FileReportInput,
): Promise<ReportReceived> {
  await deps.callLimits.count(addressKey(deps.config.ticketKey, caller.address), 'report');
  const code = randomBytes(32).toString('base64url');
  const { what, reason, words, contact } = input;
  const id = newId();
  const { receivedAt, dueAt } = await fileRow(deps.db, {
    id,
    codeHash: hashCode(code),
    reason,
    what,
    words,
    contact: contact ?? null,
    namedIds: idsNamedIn(what, words),
    reporterId: caller.actor?.userId ?? null,
    dueMs: REPORT_DUE_MS,
  });
  deps.log.info({ reportId: id, reason, dueAt }, 'a report came in');
  return { code, receivedAt: receivedAt.toISOString(), dueAt: dueAt.toISOString() };
}

/** What became of a report, for whoever has its code. @throws AppError NOT_FOUND for a code that opens nothing */
export async function getReportProgress(deps: Pick<Deps, 'db'>, input: { code: string }): Promise<ReportProgress> {
  const row = await findReportByCode(deps.db, hashCode(input.code));
  if (!row) throw notFound('report');
  const { state, reason, receivedAt, dueAt, decidedAt } = toView(row);
  return { state, reason, receivedAt, dueAt, decidedAt };
}

/** The caller's admin role is checked by the procedure, here and below. */
export async function listReports(
  deps: Deps,
  input: { cursor?: string | undefined; limit: number; open: boolean },
): Promise<Page<ReportView>> {
  const page = { open: input.open, after: input.cursor ?? null, limit: input.limit + 1 };
  return toPage(await listReportRows(deps.db, page), input.limit, toView);
}

export async function readClock(deps: Pick<Deps, 'db'>): Promise<ReportClock> {
  const { open, overdue, nextDueAt } = await readReportClock(deps.db);
  return { open, overdue, nextDueAt: nextDueAt?.toISOString() ?? null };
}

/**
 * A report with what it names and is there, shown. That somebody looked is logged.
 *
 * @throws AppError NOT_FOUND
 */
export async function getReport(deps: Deps, actor: Actor, input: { id: string }): Promise<ReportDetail> {
  const row = await findReport(deps.db, input.id);
  if (!row) throw notFound('report');
  const found = await findReportTargets(deps.db.pool, row.namedIds);
  const targets = await Promise.all(found.map((target) => toTarget(deps, target)));
  const pictures = targets.filter(({ picture }) => picture !== null).length;
  if (pictures > 0) {
    const ownerId = found[0]?.userId ?? null;
    await logReportView(deps.db, { reportId: row.id, actorId: actor.userId, ownerId, pictures });
  }
  return { ...toView(row), words: row.words, contact: row.contact, reporter: row.reporterName, targets };
}

async function toTarget(deps: Deps, target: TargetRow): Promise<ReportTarget> {
  const { id, kind, modelId, modelName, userId, ownerName, ownerStatus, strikes } = target;
  const owner = { id: userId, displayName: ownerName, status: ownerStatus, strikes };
  return { id, kind, modelId, modelName, owner, picture: await draw(deps, target) };
}

/** Small enough to be part of an answer: no address of its own shows a stranger's picture. */
async function draw(deps: Deps, { kind, userId, modelId, id, storageKey }: TargetRow): Promise<string | null> {
  const key = kind === 'photo' ? keys.photo(userId, modelId, id) : storageKey;
  if (key === null) return null;
  const contentType = kind === 'photo' ? 'image/jpeg' : typeOf(key);
  try {
    const drawn = await shrinkPicture(deps, { key, contentType }, SHOWN_PX);
    return drawn && `data:image/webp;base64,${drawn.toString('base64')}`;
  } catch (error) {
    if (error instanceof AppError && error.code === 'STATE_CONFLICT') return null;
    throw error;
  }
}

const REFUSALS: Record<Exclude<DecideOutcome, 'done'>, () => AppError> = {
  absent: () => notFound('report'),
  decided: () => new AppError('STATE_CONFLICT', say`This report was decided already.`),
  'no-target': () => targetFault(say`Name what it is about: an id of something that is there.`),
  'no-picture': () => targetFault(say`This is no picture of its own. Take down its model.`),
  'own-account': () => new AppError('STATE_CONFLICT', say`This is your own account. Ask another administrator.`),
};

function targetFault(message: Sentence): AppError {
  return new AppError('INVALID_INPUT', message, { fields: [{ path: 'targetId', message }] });
}

/**
 * Decides a report: once, and at once. What is taken down is shown to nobody from the answer on, is erased by a worker, and
 * counts as a strike.
 *
 * @throws AppError NOT_FOUND; STATE_CONFLICT when it is decided, or to suspend oneself; INVALID_INPUT for the target
 */
export async function decideReport(deps: Deps, actor: Actor, input: DecideReportInput): Promise<ReportView> {
  const { id, decision } = input;
  const outcome = await decideRow(deps.db, {
    id,
    actorId: actor.userId,
    decision,
    targetId: decision === 'dismiss' ? null : (input.targetId ?? null),
    // Nobody is given the receipt: the decision tells its owner enough.
    codeHash: hashCode(randomBytes(32).toString('base64url')),
    rule: deps.config.strikes,
  });
  if (outcome !== 'done') throw REFUSALS[outcome]();
  deps.log.info({ reportId: id, decision }, 'a report was decided');
  const row = await findReport(deps.db, id);
  if (!row) throw notFound('report');
  return toView(row);
}

/** Says in the log that a report waits longer than it may; nothing else stops for it. */
export async function warnOfOverdueReports(deps: Pick<Deps, 'db' | 'log'>): Promise<void> {
  const { open, overdue, nextDueAt } = await readReportClock(deps.db);
  if (overdue > 0) deps.log.warn({ overdue, open, oldestDueAt: nextDueAt }, 'reports wait longer than 48 hours');
}

function toView(row: ReportRow): ReportView {
  return {
    id: row.id,
    state: row.state,
    reason: row.reason,
    what: row.what,
    receivedAt: row.receivedAt.toISOString(),
    dueAt: row.dueAt.toISOString(),
    decidedAt: row.decidedAt?.toISOString() ?? null,
    overdue: row.overdue,
  };
}

function hashCode(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
