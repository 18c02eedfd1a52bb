import execa from "execa";

import { isAlive } from "../ops/common/lock";

/**
 * Ends the plugins of an engine that was killed: they do not notice, and finish what they were making behind the
 * back of whoever looks at what there is.
 */
export async function endOrphanedPlugins(home: string): Promise<void> {
    const { stdout } = await execa("ps", ["-A", "-ww", "-o", "pid=", "-o", "ppid=", "-o", "args="]);
    const processes = [...stdout.matchAll(/^ *(\d+) +(\d+) (.*)$/gm)];
    const engines = processes.filter(([, , , args]) => /\/pulumi( |$)/.test(args)).map(([, pid]) => pid);
    const orphans = processes
        .filter(([, , parent, args]) => args.startsWith(`${home}/plugins/`) && !engines.includes(parent))
        .map(([, pid]) => Number(pid));
    for (const pid of orphans.filter(isAlive)) process.kill(pid, "SIGKILL");
    while (orphans.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20));
}
