/** Next calls this once when the server starts: a wrong environment stops it here, not at the first visit. */
export async function register(): Promise<void> {
  const { env } = await import('./env');
  env();
}
