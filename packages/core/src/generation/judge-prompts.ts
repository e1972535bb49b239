import { AppError, describeRefusal, judgePrompt, say, strikeReasonOf } from '@pixgen/domain';
import type { Deps } from '../deps.ts';
import { strike } from '../safety/strikes.ts';

/**
 * Refuses prompts that PixGen does not draw, before anything is held or written. The log says that and why, not what was
 * asked for.
 *
 * @param writerId who wrote them, and gets a strike; null for prompts of the operator's own
 * @throws AppError PROMPT_REFUSED, with words that say what to change and what it means
 */
export async function assertPromptsAllowed(
  deps: Pick<Deps, 'db' | 'config' | 'promptFilter' | 'log'>,
  prompts: readonly string[],
  classWord: string,
  writerId: string | null,
): Promise<void> {
  for (const prompt of new Set(prompts)) {
    const builtIn = judgePrompt({ prompt, classWord });
    const verdict = builtIn.allowed ? ((await deps.promptFilter?.({ prompt, classWord })) ?? builtIn) : builtIn;
    if (verdict.allowed) continue;
    deps.log.info({ reason: verdict.reason }, 'a prompt was refused');
    const meaning = writerId === null ? null : await strike(deps, writerId, strikeReasonOf(verdict));
    const refusal = describeRefusal(verdict);
    const message = meaning ? say`${refusal} ${meaning}` : refusal;
    throw new AppError('PROMPT_REFUSED', message, { fields: [{ path: 'prompt', message }] });
  }
}
