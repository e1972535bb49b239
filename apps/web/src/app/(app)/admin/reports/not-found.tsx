export { SegmentNotFound as default } from '@/shell/not-found';
