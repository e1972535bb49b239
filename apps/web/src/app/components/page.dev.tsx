import type { Metadata } from 'next';
import { ComponentGallery } from '@/dev/component-gallery';

export const metadata: Metadata = { title: 'Components' };

/** `next dev` only: files that end so are no pages in a build (`pageExtensions` in next.config.ts). */
export default function ComponentsPage() {
  return (
    <main id="main" tabIndex={-1} className="mx-auto max-w-4xl px-5 py-10 outline-none">
      <ComponentGallery />
    </main>
  );
}
