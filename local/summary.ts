import { existsSync, readFileSync, rmSync } from "node:fs";

/** How many resources an operation created, updated, …, by the engine's names; `same` are unchanged. */
export type ResourceChanges = Readonly<Record<string, number>>;

/** Reads the summary that the engine wrote at the end of its event log (one JSON object a line), and removes the log. */
export function takeSummary(eventLog: string): ResourceChanges {
    if (!existsSync(eventLog)) return {};
    const lines = readFileSync(eventLog, "utf8").trim().split("\n");
    // The log holds resource states.
    rmSync(eventLog);
    for (const line of lines.reverse()) {
        const event = JSON.parse(line) as { summaryEvent?: { resourceChanges: ResourceChanges } };
        if (event.summaryEvent) return event.summaryEvent.resourceChanges;
    }
    return {};
}

/** The summary in words: what changed, or that nothing had to. */
export function describeChanges(changes: ResourceChanges): string {
    const { same = 0, ...others } = changes;
    const changed = Object.entries(others).filter(([, count]) => count > 0);
    if (changed.length === 0) return `Nothing to change: ${same} resources are as declared.`;
    return `${changed.map(([operation, count]) => `${operation} ${count}`).join(", ")}, unchanged ${same}.`;
}
