import path from 'node:path';
import type { NextConfig } from 'next';
import createNextIntlPlugin from 'next-intl/plugin';

const repository = path.join(import.meta.dirname, '../..');

/** Headers that never change; those that depend on the request or on the environment are set in `src/proxy.ts`. */
const securityHeaders = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Referrer-Policy', value: 'strict-origin-when-cross-origin' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=(), payment=(), usb=()' },
];

const config: NextConfig = {
  output: 'standalone',
  outputFileTracingRoot: repository,
  turbopack: { root: repository },
  // The one constant of the build: Clerk's package tells its maker nothing. Everything else is read at start.
  env: { NEXT_PUBLIC_CLERK_TELEMETRY_DISABLED: '1' },
  // `page.dev.tsx` is a page while developing, and not there at all in a build.
  pageExtensions: process.env.NODE_ENV === 'development' ? ['tsx', 'ts', 'dev.tsx'] : ['tsx', 'ts'],
  poweredByHeader: false,
  reactStrictMode: true,
  // Types are checked for the whole repository at once (`pnpm check`), not again in every build.
  typescript: { ignoreBuildErrors: true },
  transpilePackages: ['@pixgen/domain', '@pixgen/ui'],
  experimental: { optimizePackageImports: ['@pixgen/domain', '@pixgen/ui'] },
  // The API draws pictures at their widths (`src/gallery/print.tsx`); Next's own endpoint for that is shut by this.
  images: { unoptimized: true },
  headers: async () => [{ source: '/:path*', headers: securityHeaders }],
  redirects: async () => [
    { source: '/favicon.ico', destination: '/icon.svg', permanent: true },
    { source: '/login', destination: '/sign-in', permanent: false },
    { source: '/register', destination: '/sign-up', permanent: false },
    { source: '/dashboard', destination: '/home', permanent: false },
  ],
};

const withMessages = createNextIntlPlugin({
  requestConfig: './src/language/request.ts',
  experimental: {
    // Compiled when the app is built: the parser of messages would weigh on every page.
    messages: { path: './src/language/messages', format: 'json', locales: 'infer', precompile: true },
  },
});

export default withMessages(config);
