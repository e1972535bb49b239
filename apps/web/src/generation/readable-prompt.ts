/** A prompt as people read it: packs write `{subject}` where the trained subject goes. */
export function readablePrompt(prompt: string): string {
  return prompt.replace(/\{subject\}/gi, 'the subject');
}
