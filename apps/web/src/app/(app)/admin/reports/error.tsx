'use client';

export { SegmentError as default } from '@/shell/page-states';
