import { type ServiceName } from "../services";
import { type StackContext } from "./context";
import { type Settings } from "./settings";

type Deploy<Name extends ServiceName> = (settings: NonNullable<Settings[Name]>, context: StackContext) => object;

/** What deploys each service. A file is loaded only when its service is chosen: start-up pays for what is used. */
const deployments: { readonly [Name in ServiceName]: () => Promise<{ readonly deploy: Deploy<Name> }> } = {
    "rl-studio": () => import("./rl-studio"),
    "clinical-ai": () => import("./clinical-ai"),
    snapshotter: () => import("./snapshotter"),
    mlflow: () => import("./mlflow"),
    "llm-models": () => import("./llm-models"),
};

/** Deploys the chosen services and returns the outputs of each under its name. */
export async function deployServices(settings: Settings, context: StackContext): Promise<Record<string, object>> {
    const outputs: Record<string, object> = {};
    for (const name of settings.services) outputs[name] = await deployService(name, settings, context);
    return outputs;
}

async function deployService<Name extends ServiceName>(
    name: Name,
    settings: Settings,
    context: StackContext,
): Promise<object> {
    const { deploy } = await deployments[name]();
    return deploy(settings[name]!, context);
}
