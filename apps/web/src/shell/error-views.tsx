'use client';

import { type ComponentType, createContext, use } from 'react';

export interface ErrorViewProps {
  /** The server passes the public code as `digest`. */
  readonly error: Error & { digest?: string };
  readonly reset: () => void;
}

export interface ErrorViewsOf {
  readonly PublicError: ComponentType<ErrorViewProps>;
  readonly SegmentError: ComponentType<ErrorViewProps>;
}

/**
 * Filled by `WithErrorViews` in the root layout. Every segment has an error page; without this the bundler puts a copy of
 * the same buttons, links and styles beside each of them.
 */
export const ErrorViews = createContext<ErrorViewsOf | undefined>(undefined);

function useErrorViews(): ErrorViewsOf {
  const views = use(ErrorViews);
  if (!views) throw new Error('WithErrorViews is missing above this component');
  return views;
}

/** The error page of a segment behind the sign-in. */
export function SegmentError(props: ErrorViewProps) {
  const View = useErrorViews().SegmentError;
  return <View {...props} />;
}

/** The same outside the shell. */
export function PublicError(props: ErrorViewProps) {
  const View = useErrorViews().PublicError;
  return <View {...props} />;
}
