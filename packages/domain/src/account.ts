import { z } from 'zod';
import { id, isoTime, plainText } from './common.ts';
import { gpuProfile } from './gpu-protocol.ts';
import { LIMITS } from './limits.ts';

export const userRole = z.enum(['member', 'admin']);
export type UserRole = z.infer<typeof userRole>;
export const userStatus = z.enum(['active', 'suspended']);

export const email = z.email().max(LIMITS.email.max).toLowerCase();
export const password = z.string().min(LIMITS.password.min).max(LIMITS.password.max);

export const signInInput = z.strictObject({ email, password: z.string().min(1).max(LIMITS.password.max) });
export const signUpInput = z.strictObject({
  email,
  password,
  displayName: plainText(1, LIMITS.name.max),
  /** Needed when registration is by invitation. */
  invite: z.string().max(200).optional(),
});
export type SignUpInput = z.infer<typeof signUpInput>;
/** The one-time link that makes the first admin. */
export const setUpInput = signUpInput.omit({ invite: true }).extend({ token: z.string().min(20).max(200) });
export type SetUpInput = z.infer<typeof setUpInput>;
/** By the caller, who proves the old one; it ends all of their sessions. */
export const changePasswordInput = z.strictObject({
  currentPassword: z.string().min(1).max(LIMITS.password.max),
  password,
});
export type ChangePasswordInput = z.infer<typeof changePasswordInput>;
/** By a one-time link. */
export const setPasswordInput = z.strictObject({ token: z.string().min(20).max(200), password });
export type SetPasswordInput = z.infer<typeof setPasswordInput>;
export const passwordLinkView = z.object({ code: z.string(), expiresAt: isoTime });
export type PasswordLinkView = z.infer<typeof passwordLinkView>;

export const sessionView = z.object({
  id: z.string(),
  /** Browser and system, as far as the browser tells. */
  device: z.string().nullable(),
  /** The one that asks. */
  isCurrent: z.boolean(),
  createdAt: isoTime,
  /** Within five minutes. */
  lastSeenAt: isoTime,
  expiresAt: isoTime,
});
export type SessionView = z.infer<typeof sessionView>;
export const sessionList = z.object({ items: z.array(sessionView) });
export type SessionList = z.infer<typeof sessionList>;
export const endSessionInput = z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{1,80}$/) });
export const endedSessions = z.object({ ended: z.int() });

export const sessionAnswer = z.object({ token: z.string(), expiresAt: isoTime });
export type SessionAnswer = z.infer<typeof sessionAnswer>;

export const accountView = z.object({
  id,
  email: z.string().nullable(),
  displayName: z.string(),
  role: userRole,
  /** What this installation draws with, so that forms offer what can be had. */
  profile: gpuProfile,
  budget: z.object({ limitMicroUsd: z.int().nullable(), heldMicroUsd: z.int(), spentMicroUsd: z.int() }),
  prices: z.object({ trainMicroUsd: z.int(), imageMicroUsd: z.int() }),
});
export type AccountView = z.infer<typeof accountView>;

/** Public facts a signed-out page needs. */
export const installationView = z.object({
  authMode: z.enum(['local', 'clerk']),
  registration: z.enum(['closed', 'invite', 'open']),
  profile: gpuProfile,
  clerkPublishableKey: z.string().nullable(),
  needsSetUp: z.boolean(),
});
export type InstallationView = z.infer<typeof installationView>;

export const createApiKeyInput = z.strictObject({ name: plainText(1, LIMITS.name.max) });
export const apiKeyView = z.object({
  id,
  name: z.string(),
  prefix: z.string(),
  createdAt: isoTime,
  lastUsedAt: isoTime.nullable(),
});
export type ApiKeyView = z.infer<typeof apiKeyView>;
/** `secret` is shown once and kept only as a hash. */
export const createdApiKey = apiKeyView.extend({ secret: z.string() });
export const apiKeyList = z.object({ items: z.array(apiKeyView) });
export const inviteView = z.object({ code: z.string(), expiresAt: isoTime });
export type InviteView = z.infer<typeof inviteView>;
