'use client';

export { PublicError as default } from '@/shell/page-states';
