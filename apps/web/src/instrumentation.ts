/** Next calls this once when the server starts. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { stopOnWrongEnv } = await import('./stop-on-wrong-env');
    stopOnWrongEnv();
  }
}
