'use client';

import { type ComponentProps, lazy, Suspense } from 'react';

// The server draws them whole; what makes them move comes after the page itself, and links work until then.
const Gallery = lazy(() => import('./gallery'));
const Compare = lazy(() => import('./compare'));
const ImagePage = lazy(async () => ({ default: (await import('./image-page')).ImagePage }));

export function GalleryIsland(props: ComponentProps<typeof Gallery>) {
  return (
    <Suspense>
      <Gallery {...props} />
    </Suspense>
  );
}

export function CompareIsland(props: ComponentProps<typeof Compare>) {
  return (
    <Suspense>
      <Compare {...props} />
    </Suspense>
  );
}

export function ImageIsland(props: ComponentProps<typeof ImagePage>) {
  return (
    <Suspense>
      <ImagePage {...props} />
    </Suspense>
  );
}
