/** How many resources an operation created, updated, …, by the engine's names; `same` are unchanged. */
export type ResourceChanges = Readonly<Record<string, number>>;

/** The summary of the last update, from what `pulumi stack history --json` prints: the newest first. */
export function lastChanges(history: string): ResourceChanges {
    const [last] = JSON.parse(history) as { resourceChanges?: ResourceChanges }[];
    return last?.resourceChanges ?? {};
}

/** The summary in words: what changed, or that nothing had to. The engine compares with its state, not with the clouds. */
export function describeChanges(changes: ResourceChanges): string {
    const { same = 0, ...others } = changes;
    const changed = Object.entries(others).filter(([, count]) => count > 0);
    if (changed.length === 0) return `Nothing to change: ${same} resources are as in the stack's state.`;
    return `${changed.map(([operation, count]) => `${operation} ${count}`).join(", ")}, unchanged ${same}.`;
}
