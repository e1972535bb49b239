import { TilesLoading } from '@/shell/loading';

export default function Loading() {
  return <TilesLoading wide />;
}
