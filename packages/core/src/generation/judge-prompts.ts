import { AppError, describeRefusal, judgePrompt } from '@pixgen/domain';
import type { Deps } from '../deps.ts';

/**
 * Refuses prompts that PixGen does not draw, before anything is held or written. The log says that and why, not what was
 * asked for.
 *
 * @throws AppError PROMPT_REFUSED, with words that say what to change
 */
export async function assertPromptsAllowed(
  deps: Pick<Deps, 'promptFilter' | 'log'>,
  prompts: readonly string[],
  classWord: string,
): Promise<void> {
  for (const prompt of new Set(prompts)) {
    const builtIn = judgePrompt({ prompt, classWord });
    const verdict = builtIn.allowed ? ((await deps.promptFilter?.({ prompt, classWord })) ?? builtIn) : builtIn;
    if (verdict.allowed) continue;
    deps.log.info({ reason: verdict.reason }, 'a prompt was refused');
    const message = describeRefusal(verdict);
    throw new AppError('PROMPT_REFUSED', message, { fields: [{ path: 'prompt', message }] });
  }
}
