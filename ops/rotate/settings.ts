import { type Document, isMap, Scalar, type YAMLSeq } from "yaml";

import { type AccessKeySettings } from "../../components/scoped-identity/access-keys";
import { type ServiceName } from "../../services";
import { parseValue, type Settings } from "../../stacks/settings";

/** What a service without a word about its keys has. */
const first: AccessKeySettings = { revision: 1, generations: [1], published: 1 };

/** The generations of a service's keys, from a stack's settings; undefined where it has no static keys. */
export function keySettings(
    settings: Settings,
    service: ServiceName,
    path: readonly string[],
): AccessKeySettings | undefined {
    const section = settings[service] as Record<string, unknown> | undefined;
    const found = settingsAt(section, path);
    if (found) return found;
    const { mode } = (section?.identity ?? { mode: "static" }) as { mode: string };
    return mode === "static" ? first : undefined;
}

/** The same in a service's section of a stack file's document. */
export function keySettingsIn(
    document: Document,
    section: readonly string[],
    path: readonly string[],
): AccessKeySettings {
    const { config } = document.toJS() as { config: Record<string, unknown> };
    return settingsAt(parseValue(config[section[1]]), path) ?? first;
}

function settingsAt(section: unknown, path: readonly string[]): AccessKeySettings | undefined {
    return path.reduce<unknown>(
        (value, key) => (value as Record<string, unknown> | null | undefined)?.[key],
        section,
    ) as AccessKeySettings | undefined;
}

/** Writes the generations of a service's keys into its section of a stack file's document. */
export function putKeySettings(
    document: Document,
    section: readonly string[],
    path: readonly string[],
    settings: AccessKeySettings,
): void {
    const present: unknown = document.getIn(section);
    // `pulumi config set` writes a section as JSON text; nothing but a name, as `platform:mlflow:` is, takes no key.
    if (!isMap(present)) document.setIn(section, document.createNode(JSON.parse(String(present ?? "{}"))));
    if (path[0] === "identity" && !document.hasIn([...section, "identity", "mode"])) {
        document.setIn([...section, "identity", "mode"], "static");
    }
    const place = [...section, ...path];
    document.setIn(place, document.createNode(withoutUndefined(settings)));
    (document.getIn([...place, "generations"]) as YAMLSeq).flow = true;
    if (settings.since === undefined) return;
    // As text: YAML would read a date where the engine expects none.
    const since = new Scalar(settings.since);
    since.type = Scalar.QUOTE_DOUBLE;
    document.setIn([...place, "since"], since);
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
