import { env } from '@/env';

/** Ready when the API is. */
export async function GET(): Promise<Response> {
  const answer = await fetch(new URL('/readyz', env().API_URL), {
    cache: 'no-store',
    redirect: 'manual',
    signal: AbortSignal.timeout(3000),
  }).catch(() => null);
  const ready = answer?.ok === true;
  return Response.json(
    { status: ready ? 'ready' : 'waiting', api: answer?.status ?? 'unreachable' },
    { status: ready ? 200 : 503 },
  );
}
