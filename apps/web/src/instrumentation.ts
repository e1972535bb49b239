/** Next calls this once when the server starts: a wrong environment stops it here, not at the first visit. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { env } = await import('./env');
  try {
    env();
  } catch (error) {
    // Next itself would go on and answer every request with 500.
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
