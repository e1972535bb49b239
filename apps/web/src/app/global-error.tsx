'use client';

/** Stands in when even the root layout fails, so it brings its own page and styles. */
export default function GlobalError({ reset }: { reset: () => void }) {
  return (
    <html lang="en">
      <body
        style={{
          font: '16px/1.5 system-ui',
          display: 'grid',
          placeContent: 'center',
          minHeight: '100vh',
          gap: 12,
          textAlign: 'center',
          colorScheme: 'light dark',
        }}
      >
        <title>PixGen</title>
        <h1 style={{ fontSize: 22 }}>PixGen could not start this page</h1>
        <p>Running jobs go on; nothing is lost.</p>
        <button type="button" onClick={reset} style={{ padding: '8px 16px', justifySelf: 'center' }}>
          Try again
        </button>
      </body>
    </html>
  );
}
