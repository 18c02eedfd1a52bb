/** What is in one list of every page of an answer. */
export async function collect<Page, Item>(
    pages: AsyncIterable<Page>,
    items: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
    const all: Item[] = [];
    for await (const page of pages) all.push(...(items(page) ?? []));
    return all;
}
