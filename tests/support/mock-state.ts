import { type ExportedState } from "../../ops/recover/state";
import { type RecordingMocks } from "./mocks";

/** The state that the engine would keep of what a program registered, but with its secrets in the clear. */
export function stateOf({ resources }: RecordingMocks, stack: string, outputs: object): ExportedState {
    const urns = new Map(resources.map(({ type, name }) => [name, `urn:pulumi:${stack}::platform::${type}::${name}`]));
    if (urns.size !== resources.length) throw new Error("two resources have the same name");
    const root = `urn:pulumi:${stack}::platform::pulumi:pulumi:Stack::platform-${stack}`;
    const entries = resources.map(({ type, name, custom, inputs, outputs: got, options }) => ({
        urn: urns.get(name)!,
        type,
        custom,
        inputs,
        outputs: got,
        ...(custom ? { id: `${name}-id` } : {}),
        parent: (options.parent && urns.get(options.parent)) ?? root,
        dependencies: options.dependsOn.flatMap((need) => urns.get(need) ?? []),
        protect: options.protect,
        additionalSecretOutputs: options.additionalSecretOutputs,
    }));
    const own = { urn: root, type: "pulumi:pulumi:Stack", custom: false, outputs: { ...outputs } };
    return { version: 3, deployment: { resources: [own, ...entries] } };
}
