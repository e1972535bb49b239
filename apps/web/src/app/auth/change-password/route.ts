import { exchangeForCookie } from '@/account/identity-route';
import { sessionToken } from '@/account/session';

export async function POST(request: Request): Promise<Response> {
  return await exchangeForCookie(request, '/auth/local/change-password', await sessionToken());
}
