/** Words that both the checks and the screens need; free of zod, which weighs more than the pages that show them. */

/** What a person types to end their account. */
export const ERASE_PHRASE = 'erase my account';
/** What an administrator says to end somebody else's. */
export const ERASE_USER_PHRASE = 'erase this account';

/** What the audit log tells of. */
export const AUDIT_ACTIONS = [
  'sign-up',
  'set-up',
  'sign-in',
  'sign-in.failed',
  'sign-out',
  'sessions.ended',
  'password.changed',
  'password-link.made',
  'api-key.made',
  'api-key.revoked',
  'consent.given',
  'training.started',
  'export.requested',
  'export.made',
  'erase.requested',
  'erase.done',
  'erase.swept',
  'retention.erased',
  'invite.made',
  'dead-letter.retried',
  'role.changed',
  'status.changed',
  'standing.set',
  'report.received',
  'report.viewed',
  'report.decided',
  'strike.noted',
  'strike.lifted',
] as const;
