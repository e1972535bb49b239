'use client';

import { lastWords } from '@/language/last-words';

/** Stands in when even the root layout fails, so it brings its own page and styles. */
export default function GlobalError({ reset }: { reset: () => void }) {
  const { lang, title, text, again } = lastWords();
  return (
    <html lang={lang}>
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
        <h1 style={{ fontSize: 22 }}>{title}</h1>
        <p>{text}</p>
        <button type="button" onClick={reset} style={{ padding: '8px 16px', justifySelf: 'center' }}>
          {again}
        </button>
      </body>
    </html>
  );
}
