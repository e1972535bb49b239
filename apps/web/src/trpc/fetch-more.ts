type Pages = { readonly pages: readonly unknown[] };
type Growing = {
  readonly data?: Pages | undefined;
  readonly fetchNextPage: (options: {
    cancelRefetch: boolean;
  }) => Promise<{ data?: Pages | undefined; isError: boolean }>;
};

/** A list that changes faster than this is looked at again by the person. */
const MAX_TURNS = 5;

/**
 * The next page of a list. A refresh that is under way, or comes in between, takes its place; what was asked for is then
 * asked for once more.
 */
export async function fetchMore({ data, fetchNextPage }: Growing): Promise<void> {
  const had = data?.pages.length ?? 0;
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    const now = await fetchNextPage({ cancelRefetch: false });
    if (now.isError || (now.data?.pages.length ?? 0) > had) return;
  }
}
