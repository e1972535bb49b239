/** A throw-away account with an API key: what a person does once in the browser, and everything else needs. */
import { randomBytes } from 'node:crypto';

/**
 * Signs up (the installation must have open registration) and makes an API key.
 *
 * @param apiUrl address of the API
 * @returns the key's secret
 */
export async function obtainApiKey(apiUrl: string, name: string): Promise<string> {
  const email = `${name}-${randomBytes(6).toString('hex')}@example.test`;
  const password = randomBytes(18).toString('base64url');
  const session = await post(`${apiUrl}/auth/local/sign-up`, { email, password, displayName: name });
  const key = await post(`${apiUrl}/trpc/account.createApiKey`, { name }, String(session.token));
  const { secret } = (key.result as { data: { secret: string } }).data;
  return secret;
}

async function post(url: string, body: unknown, token?: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${new URL(url).pathname}: HTTP ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}
