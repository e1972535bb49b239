'use client';

export { SegmentError as default } from '@/shell/error-views';
