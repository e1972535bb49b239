export { FormLoading as default } from '@/shell/loading';
