/** Production names, and the prefix. */
export const names = {
    /** Carries its environment everywhere: `fruitful-lab-snapshots-<environment>`. */
    bucketStem: "fruitful-lab-snapshots",
    taskRole: "fruitful-repo-snapshotter-task-role",
    policy: "fruitful-s3-repo-scans-rw",
    group: "fruitful-agents",
    agentUser: "agent-repo-snapshotter",
    taskFamily: "fruitful-repo-snapshotter",
    /** The only part of the bucket that the task and the agent may touch. */
    prefix: "repo-scans/snapshotter/",
} as const;
