import { adminExists, findUser } from '@pixgen/db';
import { type AccountView, type InstallationView, notFound, userRole } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';

export async function getAccount(deps: Deps, actor: Actor): Promise<AccountView> {
  const user = await findUser(deps.db, actor.userId);
  if (!user) throw notFound('user');
  return {
    id: user.id,
    email: user.email,
    displayName: user.displayName,
    role: userRole.parse(user.role),
    profile: deps.config.profile,
    budget: {
      limitMicroUsd: user.budgetLimitMicroUsd === null ? null : Number(user.budgetLimitMicroUsd),
      heldMicroUsd: Number(user.heldMicroUsd),
      spentMicroUsd: Number(user.spentMicroUsd),
    },
    prices: { trainMicroUsd: deps.config.prices.trainMicroUsd, imageMicroUsd: deps.config.prices.imageMicroUsd },
  };
}

/** Facts for pages of signed-out people. */
export async function getInstallation(deps: Deps): Promise<InstallationView> {
  const { mode, registration, clerkPublishableKey } = deps.config.auth;
  return {
    authMode: mode,
    registration,
    profile: deps.config.profile,
    clerkPublishableKey,
    needsSetUp: mode === 'local' && !(await adminExists(deps.db)),
  };
}
