'use client';

import type { ReactNode } from 'react';
import { ErrorViews } from './error-views';
import { PublicError, SegmentError } from './page-states';

const VIEWS = { PublicError, SegmentError };

export function WithErrorViews({ children }: { children: ReactNode }) {
  return <ErrorViews value={VIEWS}>{children}</ErrorViews>;
}
