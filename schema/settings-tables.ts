import { serviceNames } from "../services";
import { accessKeys, adoptMeta } from "../services/settings";
import { code, type Column, table } from "./markdown";
import { type Row, rowsOf } from "./rows";
import { configSchema, type JsonSchema, secretsProvider } from "./stack-file";

const setting: Column<Row> = ["setting", ({ path }) => code(path)];
const mode: Column<Row> = ["mode", (row) => row.mode ?? ""];
const unit: Column<Row> = ["unit", (row) => row.unit];
const byDefault: Column<Row> = ["default", (row) => row.default];
const rule: Column<Row> = ["rule", (row) => row.rule];
const columns = [setting, mode, unit, byDefault, rule];

/** Settings of several services, described in sections of their own. */
const shared = ["adopt", "accessKeys"];

/** The tables of docs/settings.md, by name. */
export function settingsTables(): Record<string, string> {
    const { properties, required } = configSchema();
    const sectionOf = (service: string) => properties![`platform:${service}`];
    const sections = serviceNames.map((name) => [
        `settings/${name}`,
        // Parts with a table of their own.
        sectionTable(sectionOf(name), ["cluster", "database", "gate"]),
    ]);
    const part = (service: string, name: string) => table(rowsOf(sectionOf(service).properties![name], name), columns);
    return {
        "settings/stack": table(stackRows(properties!, required!), columns),
        "settings/accessKeys": table(rowsOf(sectionOf("rl-studio").properties!.accessKeys, "accessKeys"), columns),
        "settings/rotation": table(rowsOf(properties!["platform:rotation"], "rotation"), columns),
        "settings/adopt": adoptTable(sectionOf),
        ...Object.fromEntries(sections),
        "settings/clinical-ai/cluster": part("clinical-ai", "cluster"),
        "settings/clinical-ai/database": part("clinical-ai", "database"),
        "settings/llm-models/gate": part("llm-models", "gate"),
    };
}

function stackRows(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[]): Row[] {
    const general = Object.entries(properties).filter(
        ([key]) => key !== "platform:rotation" && !serviceNames.some((name) => key === `platform:${name}`),
    );
    const rows = general.map(([key, schema]) => ({
        ...rowsOf(schema, key)[0],
        default: required.includes(key) ? "required" : "none",
    }));
    const section = {
        path: "platform:<service>",
        unit: "",
        default: "`{}`",
        rule:
            "the settings of that service, described below; a section of a service that is not in `platform:services` " +
            "is checked but not deployed",
    };
    const { absent, description } = secretsProvider;
    return [...rows, section, { path: "secretsprovider", unit: "", default: absent, rule: description }];
}

/** A service's settings; of those that all have, where they are described. */
function sectionTable(section: JsonSchema, apart: readonly string[]): string {
    const leave = [...apart, ...shared, ...shared.map((name) => `identity.${name}`)];
    const own = rowsOf(section, "", leave);
    const seen = (name: string, { description }: JsonSchema, path = name, of?: string): Row => {
        const more = description && !common.includes(description) ? `; ${description}` : "";
        return { path, mode: of, unit: "", default: "", rule: `see [above](#${name.toLowerCase()})${more}` };
    };
    const { properties = {} } = section;
    const identity = properties.identity?.oneOf?.find((choice) => choice.properties?.accessKeys);
    const rows = identity
        ? [
              own[0],
              seen("accessKeys", identity.properties!.accessKeys, "identity.accessKeys", "`static`"),
              ...own.slice(1),
          ]
        : own;
    const others = shared.filter((name) => name in properties).map((name) => seen(name, properties[name]));
    return table([...rows, ...others], columns);
}

/** What every service's `adopt` and `accessKeys` say of themselves. */
const common = [accessKeys.meta()?.description, adoptMeta.description];

/** Which service can adopt what. */
function adoptTable(sectionOf: (service: string) => JsonSchema): string {
    const services = new Map<string, { row: Row; of: string[] }>();
    for (const name of serviceNames) {
        for (const row of rowsOf(sectionOf(name).properties!.adopt, "adopt")) {
            const known = services.get(row.path) ?? { row, of: [] };
            services.set(row.path, { row, of: [...known.of, name] });
        }
    }
    return table(
        [...services.values()],
        [
            ["setting", ({ row }) => code(row.path)],
            ["service", ({ of }) => (of.length === serviceNames.length ? "all" : of.map(code).join(", "))],
            ["rule", ({ row }) => row.rule],
        ],
    );
}
