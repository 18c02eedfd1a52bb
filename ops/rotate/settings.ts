import { type Document, isMap, Scalar, type YAMLSeq } from "yaml";

import { type AccessKeySettings } from "../../components/scoped-identity/access-keys";
import { type Settings } from "../../stacks/settings";
import { type ServiceName } from "../../services";

/** What a service without a word about its keys has. */
const first: AccessKeySettings = { revision: 1, generations: [1], published: 1 };

/** The generations of a service's keys, from a stack's settings; undefined where it has no static keys. */
export function keySettings(
    settings: Settings,
    service: ServiceName,
    path: readonly string[],
): AccessKeySettings | undefined {
    const section = settings[service] as Record<string, unknown> | undefined;
    const found = path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], section);
    if (found !== undefined) return found as AccessKeySettings;
    const { mode } = (section?.identity ?? { mode: "static" }) as { mode: string };
    return mode === "static" ? first : undefined;
}

/** The same in the document of a stack's file. */
export function keySettingsIn(document: Document, service: ServiceName, path: readonly string[]): AccessKeySettings {
    const { config } = document.toJS() as { config: Record<string, unknown> };
    const found = path.reduce<unknown>(
        (value, key) => (value as Record<string, unknown> | null | undefined)?.[key],
        config[`platform:${service}`],
    );
    return (found as AccessKeySettings | undefined) ?? first;
}

/** Writes the generations of a service's keys into the document of a stack's file. */
export function putKeySettings(
    document: Document,
    service: ServiceName,
    path: readonly string[],
    settings: AccessKeySettings,
): void {
    const at = ["config", `platform:${service}`];
    // Nothing but the name, as `platform:mlflow:` is, cannot take a key.
    if (!isMap(document.getIn(at))) document.setIn(at, document.createNode({}));
    if (path[0] === "identity" && !document.hasIn([...at, "identity", "mode"])) {
        document.setIn([...at, "identity", "mode"], "static");
    }
    document.setIn([...at, ...path], document.createNode(withoutUndefined(settings)));
    (document.getIn([...at, ...path, "generations"]) as YAMLSeq).flow = true;
    if (settings.since === undefined) return;
    // As text: YAML would read a date where the engine expects none.
    const since = new Scalar(settings.since);
    since.type = Scalar.QUOTE_DOUBLE;
    document.setIn([...at, ...path, "since"], since);
}

function withoutUndefined({ revision, generations, published, retiring, since }: AccessKeySettings): object {
    return {
        revision,
        generations: [...generations],
        published,
        ...(retiring ? { retiring: { ...retiring } } : {}),
        ...(since ? { since } : {}),
    };
}
