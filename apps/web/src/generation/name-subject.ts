/** @param subject how the trained subject is called where no name of it is known */
export function nameSubject(prompt: string, subject: string): string {
  return prompt.replace(/\{subject\}/gi, () => subject);
}
