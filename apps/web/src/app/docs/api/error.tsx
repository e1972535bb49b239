'use client';

export { PublicError as default } from '@/shell/error-views';
