export { PublicNotFound as default } from '@/shell/public-states';
