export { TilesLoading as default } from '@/shell/loading';
