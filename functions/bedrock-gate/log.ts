/** Writes one line of JSON, as CloudWatch Logs reads it. No prompt, answer or key is ever in it. */
export function log(event: string, facts: Readonly<Record<string, unknown>>): void {
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...facts })}\n`);
}
