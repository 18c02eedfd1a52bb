/** Parses an option that may be given more than once. */
export const oneMore = (one: string, others: readonly string[] = []): string[] => [...others, one];
