/** What every use case is given: connections and settings, made once by the process that runs it. */
import type { Db, JobStore } from '@pixgen/db';
import type { GpuProfile, PromptFilter, UserRole } from '@pixgen/domain';
import type { LiveBus, Producer } from '@pixgen/queue';
import type { Storage } from '@pixgen/storage';
import type { CallLimits } from './account/call-limits.ts';
import type { CrashPoint } from './crash-points.ts';

/** Who calls. Made only by the host's verifier from a checked token or API key; role and status are read per call. */
export type Actor = {
  userId: string;
  role: UserRole;
  status: 'active' | 'suspended' | 'erasing';
  /** How the caller proved who they are. */
  via: 'session' | 'api-key';
  /** Which session; null for a program, and for work that a person ordered earlier. */
  sessionId: string | null;
};

/** The part of pino that is used; requests bind their id to it. */
export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** Calls per person and window; 0: no limit of that kind. */
export type CallLimitsConfig = {
  trainingsPerHour: number;
  generationsPerHour: number;
  mutationsPer15Min: number;
  readsPer15Min: number;
  /** Under way at the same time, per process. */
  callsAtOnce: number;
  /** Live streams open at the same time, per process. */
  streamsAtOnce: number;
  /** Small versions of pictures that are being drawn at the same time, per process. */
  picturesAtOnce: number;
  /** Reports from one address. */
  reportsPerHour: number;
};

export type CoreConfig = {
  profile: GpuProfile;
  /** Flat prices; 0 on a machine of one's own. */
  prices: { trainMicroUsd: number; imageMicroUsd: number };
  /** Given to new accounts; null: no budget. */
  defaultBudgetMicroUsd: number | null;
  /** Where a GPU reaches the API; claim, upload and event URLs start with it. */
  gpuApiUrl: string;
  /** Key of ticket tokens and claim secrets: 32 bytes or more. */
  ticketKey: string;
  /** Still accepted while the ticket key is being replaced; nothing new is made with it. */
  previousTicketKey: string | null;
  /** Makes trigger words repeatable, for a demo that draws the same pictures twice; null: random words. */
  triggerWordSeed: string | null;
  callLimits: CallLimitsConfig;
  /** Days after which photos are erased that a training succeeded with; 0: they stay. */
  trainedPhotosDays: number;
  /** What photos, weights and images of one person may take together; 0: no limit. */
  storagePerPersonBytes: number;
  /** Jobs of one person that have not ended, over all processes; 0: no limit. */
  liveJobsPerPerson: number;
  /** Within `days` so many strikes suspend an account; 0: none do. */
  strikes: { limit: number; days: number };
  auth: { mode: 'local' | 'clerk'; registration: 'closed' | 'invite' | 'open'; clerkPublishableKey: string | null };
};

export type Deps = {
  db: Db;
  jobs: JobStore;
  producer: Producer;
  live: LiveBus;
  storage: Storage;
  callLimits: CallLimits;
  config: CoreConfig;
  log: Log;
  /** Asked about prompts that the built-in filter lets pass; null: it alone decides. */
  promptFilter: PromptFilter | null;
  /** Called where a test may want the process to die; see `crash-points.ts`. */
  passPoint: (point: CrashPoint) => void;
};
