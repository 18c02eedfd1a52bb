import { type IAMClient, ListAccessKeysCommand } from "@aws-sdk/client-iam";

/** How long it may not see the keys, in milliseconds. */
const longestBlindness = 30_000;

/** Looks at a user's access keys all the while, with credentials that nothing here depends on. */
export class KeyWatcher {
    /** The most keys that the user had at once. */
    most = 0;
    /** What must not have happened, in words. */
    readonly faults: string[] = [];
    /** The keys as they were seen last. */
    keys: readonly { readonly id: string; readonly active: boolean }[] = [];
    private running: Promise<void> = Promise.resolve();
    private stopped = false;

    private constructor(
        private readonly iam: IAMClient,
        private readonly user: string,
        /** By id of a key: when a client used it last. */
        private readonly lastUse: ReadonlyMap<string, number>,
    ) {}

    static async start(iam: IAMClient, user: string, lastUse: ReadonlyMap<string, number>): Promise<KeyWatcher> {
        const watcher = new KeyWatcher(iam, user, lastUse);
        await watcher.look();
        watcher.running = watcher.run();
        return watcher;
    }

    async stop(): Promise<void> {
        this.stopped = true;
        await this.running;
    }

    /** The keys that the user has now. */
    async look(): Promise<readonly string[]> {
        const asked = Date.now();
        const { AccessKeyMetadata = [] } = await this.iam.send(new ListAccessKeysCommand({ UserName: this.user }));
        const keys = AccessKeyMetadata.map(({ AccessKeyId, Status }) => ({
            id: AccessKeyId!,
            active: Status === "Active",
        }));
        const ids = keys.map(({ id }) => id);
        if (ids.length > 2) this.faults.push(`${new Date(asked).toISOString()}: ${ids.length} keys`);
        for (const { id } of this.keys.filter((key) => !ids.includes(key.id))) {
            const seconds = (asked - (this.lastUse.get(id) ?? 0)) / 1000;
            if (seconds < 1) this.faults.push(`key ${id} was deleted ${seconds} s after a client used it`);
        }
        this.most = Math.max(this.most, ids.length);
        this.keys = keys;
        return ids;
    }

    private async run(): Promise<void> {
        let looked = Date.now();
        while (!this.stopped) {
            try {
                await this.look();
                looked = Date.now();
            } catch (error) {
                // A busy emulator may be late once; who sees nothing for long cannot say that nothing happened.
                if (Date.now() - looked > longestBlindness) {
                    this.faults.push(`the keys were not to be seen for ${Date.now() - looked} ms: ${String(error)}`);
                    looked = Date.now();
                }
            }
            await new Promise((resolve) => setTimeout(resolve, 200));
        }
    }
}
