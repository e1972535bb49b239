export { isOutage } from '@pixgen/db';
export * from './account/api-keys.ts';
export { isRepeated, type LimitedCall, NO_CALL_LIMITS } from './account/call-limits.ts';
export * from './account/create-invite.ts';
export * from './account/get-account.ts';
export { listAudit } from './admin/audit-log.ts';
export { checkBeforeSetUp, checkSystem, pingGpu, storeChecks, within } from './admin/check-system.ts';
export { getDeadLetter, listDeadLetters, retryDeadLetters } from './admin/dead-letters.ts';
export { readQueues } from './admin/queues.ts';
export { listUsers, updateUser } from './admin/users.ts';
export { type ConnectOptions, connectDeps } from './connect.ts';
export { CRASH_POINTS, type CrashPoint } from './crash-points.ts';
export { makeExport } from './data-export/make-export.ts';
export { getExport, requestExport } from './data-export/request-export.ts';
export type { Actor, CallLimitsConfig, CoreConfig, Deps, Log } from './deps.ts';
export { eraseAccount, eraseModel, erasePhoto, eraseUser, getErasure } from './erasure/request-erasure.ts';
export { type ErasureTools, runErasure } from './erasure/run-erasure.ts';
export * from './gallery/bulk-operations.ts';
export * from './gallery/change-images.ts';
export * from './gallery/collections.ts';
export * from './gallery/deliver-image.ts';
export { downloadImage } from './gallery/download-image.ts';
export * from './gallery/read-images.ts';
export { runBulk } from './gallery/run-bulk.ts';
export * from './generation/change-generation.ts';
export * from './generation/read-generations.ts';
export * from './generation/read-prompts.ts';
export * from './generation/start-generation.ts';
export { type GpuCircuit, type GuardedGpu, withCircuitBreaker } from './gpu/circuit-breaker.ts';
export * from './gpu/gpu-backend.ts';
export { createLocalBackend } from './gpu/local-backend.ts';
export { createModalBackend } from './gpu/modal-backend.ts';
export { type Authenticator, createAuthenticator } from './identity/authenticator.ts';
export { changePassword } from './identity/change-password.ts';
export { receiveClerkEvent } from './identity/clerk-events.ts';
export { createClerkUserDeleter } from './identity/delete-clerk-user.ts';
export { createPasswordLink, issuePasswordLink, setPassword } from './identity/password-link.ts';
export {
  createSessionIssuer,
  LOCAL_ISSUER,
  parseSessionKey,
  publicPemOf,
  type SessionIssuer,
} from './identity/session-issuer.ts';
export { createSessionVerifier, type SessionVerifier } from './identity/session-verifier.ts';
export { endOtherSessions, endSession, endSessionsOf, listSessions } from './identity/sessions.ts';
export { issueSetUpLink, setUp } from './identity/set-up.ts';
export { signIn } from './identity/sign-in.ts';
export { signOut } from './identity/sign-out.ts';
export { signUp } from './identity/sign-up.ts';
export type { IdentityDeps } from './identity/start-session.ts';
export { applyEvents, createEventApplier } from './jobs/apply-events.ts';
export { cancelCalls } from './jobs/cancel-calls.ts';
export { claimAttempt } from './jobs/claim-attempt.ts';
export { dispatchJob } from './jobs/dispatch-job.ts';
export { followLive } from './jobs/follow-live.ts';
export { applyApart, createPoisonHandlers } from './jobs/give-up.ts';
export { claimSecret, ticketToken } from './jobs/gpu-secrets.ts';
export { grantUpload } from './jobs/grant-upload.ts';
export { getJob, listJobs } from './jobs/read-jobs.ts';
export { receiveGpuEvent, type SignedEvent } from './jobs/receive-gpu-event.ts';
export { reconcile } from './jobs/reconcile.ts';
export { startRelay } from './jobs/relay.ts';
export { keepHearing } from './jobs/silence.ts';
export { MAX_BODY_BYTES, verifySignature } from './jobs/webhook-signature.ts';
export { createLogger, type Logger } from './logging.ts';
export * from './models/choose-weights.ts';
export * from './models/delete-model.ts';
export * from './models/download-weights.ts';
export { type Owned, ownModel } from './models/own-model.ts';
export * from './models/read-models.ts';
export { createModel, updateModel } from './models/write-model.ts';
export * from './packs/read-packs.ts';
export { getPackOrder, startOrderedPack } from './packs/start-ordered-pack.ts';
export { checkPhoto } from './photos/check-photo.ts';
export { completePhoto } from './photos/complete-photo.ts';
export { createPhoto } from './photos/create-photo.ts';
export { decodePhoto } from './photos/decode-photo.ts';
export { deletePhoto, restorePhoto } from './photos/delete-photo.ts';
export { listPhotos } from './photos/list-photos.ts';
export { addressKey, networkOf } from './safety/address-key.ts';
export {
  decideReport,
  fileReport,
  getReport,
  getReportProgress,
  listReports,
  readClock,
  warnOfOverdueReports,
} from './safety/reports.ts';
export { describeSuspension, getStanding, liftStrike, listStrikes } from './safety/strikes.ts';
export { secret } from './secret-schema.ts';
export { repairObjects } from './sweep/repair-objects.ts';
export { sweep } from './sweep/sweep.ts';
export * from './training/change-training.ts';
export { readDrawOutlook, readOutlook } from './training/read-outlook.ts';
export * from './training/read-trainings.ts';
export * from './training/start-training.ts';
