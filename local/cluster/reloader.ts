import { join } from "node:path";

import { answers } from "../health";
import { root } from "../paths";
import { keepService } from "../service";
import { kubeconfigOf, type Places } from "./places";

const serviceName = "reloader-stand-in";

/** Starts the stand-in of Reloader, which cannot be had as a program, unless it runs. */
export async function startReloader({ folder, ports }: Places): Promise<boolean> {
    const service = {
        name: serviceName,
        command: process.execPath,
        args: [
            "-r",
            require.resolve("ts-node/register/transpile-only"),
            join(__dirname, "reloader-stand-in.ts"),
            kubeconfigOf(folder, "admin"),
            String(ports.reloader),
        ],
        env: { TS_NODE_PROJECT: join(root, "tsconfig.json") },
        marker: "reloader-stand-in",
        ports: [ports.reloader],
    };
    return keepService(folder, service, () => answers(`http://127.0.0.1:${ports.reloader}/`));
}
