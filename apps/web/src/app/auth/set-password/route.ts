import { exchangeForCookie } from '@/account/identity-route';

export async function POST(request: Request): Promise<Response> {
  return await exchangeForCookie(request, '/auth/local/set-password');
}
