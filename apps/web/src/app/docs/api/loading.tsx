export { PublicLoading as default } from '@/shell/public-states';
