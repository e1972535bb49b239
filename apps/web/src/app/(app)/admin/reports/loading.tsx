export { CardsLoading as default } from '@/shell/loading';
