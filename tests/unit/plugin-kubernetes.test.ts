// What the stand-in kubernetes plugin knows without asking an API server: literal in, literal out.

import assert from "node:assert/strict";
import type { Cluster } from "../../local/plugins/kubernetes/cluster";
import { check } from "../../local/plugins/kubernetes/check";
import { diff } from "../../local/plugins/kubernetes/diff";
import { ApiFailure, conflictRefusal, conflictsIn } from "../../local/plugins/kubernetes/failure";
import { valueAt } from "../../local/plugins/kubernetes/field-path";
import { idOf, parseId, typeOf } from "../../local/plugins/kubernetes/identity";
import { inputsOfImported } from "../../local/plugins/kubernetes/imported";
import { asStored, declaredAsLive, outputsOf } from "../../local/plugins/kubernetes/live";
import { plannedCreate, plannedUpdate } from "../../local/plugins/kubernetes/planned";
import { withoutValues } from "../../local/plugins/kubernetes/secrets";
import { faultsOfSettings, settingsFrom } from "../../local/plugins/kubernetes/settings";
import { builtInFor } from "../../local/plugins/kubernetes/waits/built-in";
import { parsePath, select } from "../../local/plugins/kubernetes/waits/json-path";
import { parseWaitFor } from "../../local/plugins/kubernetes/waits/wait-for";
import { Refusal } from "../../local/plugins/errors";
import { UNKNOWN, type Properties, type Value } from "../../local/plugins/wire";

const CONFIG_MAP = { apiVersion: "v1", kind: "ConfigMap", patch: false };
const SECRET = { apiVersion: "v1", kind: "Secret", patch: false };
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("typeOf", () => {
    const tokens: [string, unknown][] = [
        ["kubernetes:core/v1:Secret", SECRET],
        ["kubernetes:core/v1:SecretPatch", { ...SECRET, patch: true }],
        ["kubernetes:apps/v1:Deployment", { apiVersion: "apps/v1", kind: "Deployment", patch: false }],
        [
            "kubernetes:external-secrets.io/v1:ExternalSecret",
            { apiVersion: "external-secrets.io/v1", kind: "ExternalSecret", patch: false },
        ],
        ["kubernetes:helm.sh/v3:Release", undefined],
        ["kubernetes:kustomize:Directory", undefined],
        ["kubernetes:yaml:ConfigFile", undefined],
        ["vault:kv/secretV2:SecretV2", undefined],
    ];
    for (const [token, expected] of tokens) {
        it(token, () => assert.deepEqual(typeOf(token), expected));
    }
    it("a kind whose own name ends with Patch is no patch", () => {
        const kind = "EnvoyPatch";
        assert.deepEqual(typeOf(`kubernetes:a.io/v1:${kind}`, { kind }), { apiVersion: "a.io/v1", kind, patch: false });
    });
});

describe("ids", () => {
    it("are namespace and name, or the name alone", () => {
        assert.deepEqual(parseId("a/b"), { namespace: "a", name: "b" });
        assert.deepEqual(parseId("b"), { name: "b" });
        assert.equal(idOf({ apiVersion: "v1", kind: "Secret", namespace: "a", name: "b" }), "a/b");
    });
    for (const bad of ["", "a/", "a/b/c"]) {
        it(`refuses "${bad}"`, () => assert.throws(() => parseId(bad), /"namespace\/name" or "name"/));
    }
});

describe("check of an object", () => {
    const request = { resourceName: "app", urn: "urn", seed: Buffer.from("seed") };
    const named = (inputs: Properties) => (inputs["metadata"] as Properties)["name"];

    it("makes a name that the seed decides, and says that it did", () => {
        const { inputs, faults } = check(CONFIG_MAP, { kind: "ConfigMap" }, undefined, request);
        assert.deepEqual(faults, []);
        assert.match(String(named(inputs)), /^app-[a-z0-9]{8}$/);
        assert.deepEqual((inputs["metadata"] as Properties)["annotations"], { "pulumi.com/autonamed": "true" });
        assert.equal(named(check(CONFIG_MAP, {}, undefined, request).inputs), named(inputs));
        const other = { ...request, seed: Buffer.from("other") };
        assert.notEqual(named(check(CONFIG_MAP, {}, undefined, other).inputs), named(inputs));
        assert.equal(named(check(CONFIG_MAP, {}, inputs, other).inputs), named(inputs), "a made name is kept");
        assert.notEqual(
            named(check(CONFIG_MAP, {}, { metadata: { name: "given" } }, other).inputs),
            "given",
            "a given name that the program dropped is not kept",
        );
    });
    it("leaves a given name and what is unknown alone", () => {
        assert.deepEqual(check(CONFIG_MAP, { metadata: { name: "a" } }, undefined, request).inputs, {
            metadata: { name: "a" },
        });
        assert.deepEqual(check(CONFIG_MAP, { metadata: UNKNOWN }, undefined, request).inputs, { metadata: UNKNOWN });
    });
    it("takes the engine's wish for a name", () => {
        const wish = (mode: "propose" | "disable", proposed: string) =>
            check(CONFIG_MAP, {}, undefined, { ...request, wish: { mode, proposed } });
        assert.equal(named(wish("propose", "wished").inputs), "wished");
        assert.match(wish("disable", "").faults.join(), /metadata\.name is required/);
    });
    it("drops nulls, at every depth", () => {
        const given = { metadata: { name: "a", labels: null }, data: { a: null, b: "1" } };
        const { inputs } = check(CONFIG_MAP, given, undefined, request);
        assert.deepEqual(inputs, { metadata: { name: "a" }, data: { b: "1" } });
    });
    it("makes a Secret's data secret, and nothing else's", () => {
        assert.deepEqual(check(SECRET, {}, undefined, request).secrets, ["data", "stringData"]);
        assert.deepEqual(check(CONFIG_MAP, {}, undefined, request).secrets, []);
    });
    const faults: [string, Properties, RegExp][] = [
        ["metadata that is no object", { metadata: "a" }, /metadata must be an object/],
        ["a generated name", { metadata: { generateName: "a-" } }, /does not know metadata\.generateName/],
        ["a kind that is no text", { kind: 1 }, /kind must be text/],
        [
            "a wait that cannot be read",
            { metadata: { name: "a", annotations: { "pulumi.com/waitFor": "ready" } } },
            /pulumi\.com\/waitFor cannot be used: "ready" is none of/,
        ],
    ];
    for (const [title, inputs, expected] of faults) {
        it(`refuses ${title}`, () => {
            assert.match(check(CONFIG_MAP, inputs, undefined, request).faults.join(), expected);
        });
    }
    it("refuses a patch without a name", () => {
        const patch = { ...SECRET, patch: true };
        assert.match(check(patch, { metadata: {} }, undefined, request).faults.join(), /metadata\.name is required/);
    });
});

describe("diff of an object", () => {
    const settings = { secretMutable: false, configMapMutable: false };
    const object = (more: Properties = {}, metadata: Properties = { name: "a" }) => ({ metadata, ...more });
    const live = { metadata: { namespace: "here" } };
    const of = (kind: [string, string], olds: Properties, news: Properties, mutable = settings) => {
        const type = { apiVersion: kind[0], kind: kind[1], patch: false };
        const { changes, deleteBeforeReplace } = diff(type, mutable, "here", olds, news, live);
        const show = ({ path, replace }: { path: string; replace: boolean }) => (replace ? `${path} replaces` : path);
        return [...changes.map(show), ...(deleteBeforeReplace ? ["old goes first"] : [])];
    };
    const spec = (value: Properties) => object({ spec: value });
    const cases: [string, [string, string], Properties, Properties, string[]][] = [
        ["nothing", ["v1", "ConfigMap"], object(), object(), []],
        [
            "a ConfigMap's data",
            ["v1", "ConfigMap"],
            object({ data: { a: "1" } }),
            object({ data: { a: "2" } }),
            ["data.a replaces", "old goes first"],
        ],
        [
            "a Secret's stringData",
            ["v1", "Secret"],
            object(),
            object({ stringData: { a: "1" } }),
            ["stringData replaces", "old goes first"],
        ],
        ["labels", ["v1", "Secret"], object(), object({}, { name: "a", labels: { b: "1" } }), ["metadata.labels"]],
        ["another name", ["v1", "Secret"], object(), object({}, { name: "b" }), ["metadata.name replaces"]],
        [
            "a namespace that was the default one",
            ["v1", "Secret"],
            object(),
            object({}, { name: "a", namespace: "here" }),
            [],
        ],
        [
            "another namespace",
            ["v1", "Secret"],
            object(),
            object({}, { name: "a", namespace: "there" }),
            ["metadata.namespace replaces"],
        ],
        [
            "a namespace that is left out for another default",
            ["v1", "Secret"],
            object({}, { name: "a", namespace: "there" }),
            object({}, { name: "a", namespace: UNKNOWN }),
            ["metadata.namespace replaces"],
        ],
        [
            "a Deployment's selector",
            ["apps/v1", "Deployment"],
            spec({ replicas: 1, selector: { matchLabels: { a: "1" } } }),
            spec({ replicas: 2, selector: { matchLabels: { a: "2" } } }),
            ["spec.replicas", "spec.selector.matchLabels.a replaces", "old goes first"],
        ],
        [
            "a RoleBinding's role",
            ["rbac.authorization.k8s.io/v1", "RoleBinding"],
            object({ roleRef: { name: "a" } }),
            object({ roleRef: { name: "b" } }),
            ["roleRef.name replaces", "old goes first"],
        ],
        [
            "a Job's template",
            ["batch/v1", "Job"],
            spec({ template: { a: 1 } }),
            spec({ template: { a: 2 } }),
            ["spec.template.a replaces", "old goes first"],
        ],
        [
            "a pod's tolerations",
            ["v1", "Pod"],
            spec({ tolerations: [] }),
            spec({ tolerations: [1] }),
            ["spec.tolerations"],
        ],
        [
            "a field of a kind of one's own",
            ["a.io/v1", "Widget"],
            spec({ selector: { a: 1 } }),
            spec({ selector: { a: 2 } }),
            ["spec.selector.a"],
        ],
    ];
    for (const [title, kind, olds, news, expected] of cases) {
        it(title, () => assert.deepEqual(of(kind, olds, news), expected));
    }
    it("changes ConfigMaps and Secrets in place where the settings say so, but none that are immutable", () => {
        const mutable = { secretMutable: true, configMapMutable: true };
        for (const kind of ["ConfigMap", "Secret"]) {
            const [old, next] = [object({ data: { a: "1" } }), object({ data: { a: "2" } })];
            assert.deepEqual(of(["v1", kind], old, next, mutable), ["data.a"]);
            const frozen = of(["v1", kind], { ...old, immutable: true }, { ...next, immutable: true }, mutable);
            assert.deepEqual(frozen, ["data.a replaces", "old goes first"]);
        }
        assert.deepEqual(of(["v1", "Secret"], object({ type: "a" }), object({ type: "b" }), mutable), [
            "type replaces",
            "old goes first",
        ]);
    });
    it("lets old and new live together where the name is made anew", () => {
        const metadata = { name: "a-12345678", annotations: { "pulumi.com/autonamed": "true" } };
        const [old, next] = [object({ data: { a: "1" } }, metadata), object({ data: { a: "2" } }, metadata)];
        assert.deepEqual(of(["v1", "ConfigMap"], old, next), ["data.a replaces"]);
    });
    it("never replaces somebody else's object for its contents", () => {
        const patch = { ...SECRET, patch: true };
        const { changes } = diff(patch, settings, "here", object(), object({ data: { a: "1" } }), live);
        assert.deepEqual(changes, [{ path: "data", kind: "add", replace: false }]);
    });
});

describe("JSONPath", () => {
    const object: Value = {
        metadata: { annotations: { "vault-version": "3", "a.b/c": "d" } },
        spec: { ports: [{ port: 80 }, { port: 81, name: "x" }] },
        status: { conditions: [{ type: "Ready", status: "True" }], on: true, none: null },
    };
    const paths: [string, Value[]][] = [
        [".spec.ports[0].port", [80]],
        ["$.spec.ports[-1].port", [81]],
        [".spec.ports[*].port", [80, 81]],
        [".spec.ports[?(@.name)].port", [81]],
        [`.status.conditions[?(@.type=="Ready")].status`, ["True"]],
        [`.status.conditions[?@.type != 'Ready'].status`, []],
        [".spec.ports[?(@.port==81)].name", ["x"]],
        [".metadata.annotations['vault-version']", ["3"]],
        [`.metadata.annotations["a.b/c"]`, ["d"]],
        [" .status.on ", [true]],
        [".status.none", [null]],
        [".status.absent.further", []],
    ];
    for (const [path, expected] of paths) {
        it(path, () => {
            const parsed = parsePath(path);
            assert.ok("steps" in parsed);
            assert.deepEqual(select(parsed.steps, object), expected);
        });
    }
    it("refuses what the official provider cannot read, and says how to write it", () => {
        for (const path of [".metadata.annotations.vault-version", ".metadata.annotations.a\\.b"]) {
            const parsed = parsePath(path);
            assert.match("fault" in parsed ? parsed.fault : "", /is written \['so-named'\]/, path);
        }
        for (const path of [".items[]", "a.b", ".a[?(@.b==1]", ".a[?(@.b>1)]", ".a b"]) {
            assert.ok("fault" in parsePath(path), path);
        }
    });
});

describe("waitFor", () => {
    const lack = (text: string, object: Properties): unknown => {
        const parsed = parseWaitFor(text);
        return "fault" in parsed ? parsed.fault : parsed.map((one) => one.lacks(object)).find(Boolean);
    };
    const ready = (status: string, more: Properties = {}) => ({
        metadata: { generation: 2 },
        status: { conditions: [{ type: "Ready", status, ...more }] },
    });
    const cases: [string, Properties, unknown][] = [
        ["condition=Ready", ready("True"), undefined],
        ["condition=ready=true", ready("True"), undefined],
        ["condition=Ready", ready("False"), "the condition Ready is False"],
        ["condition=Ready=False", ready("False"), undefined],
        ["condition=Ready", {}, "there is no condition Ready"],
        [
            "condition=Ready",
            ready("True", { observedGeneration: 1 }),
            "the condition Ready is of generation 1, not yet 2",
        ],
        ["jsonpath={.status.phase}", { status: { phase: "" } }, undefined],
        ["jsonpath={.status.phase}", {}, "there is nothing at that path"],
        ["jsonpath={.status.count}=2", { status: { count: 2 } }, undefined],
        ["jsonpath={.status.count}=2", { status: { count: 1 } }, "it is 1"],
        ["jsonpath={.data.a}=2", { data: { a: "secret" } }, "it is something else"],
        ["jsonpath={.status.list}", { status: { list: [] } }, undefined],
        [`["condition=Ready","jsonpath={.spec.a}=b"]`, { ...ready("True"), spec: { a: "b" } }, undefined],
        [`["condition=Ready","jsonpath={.spec.a}=b"]`, ready("True"), "there is nothing at that path"],
    ];
    for (const [text, object, expected] of cases) {
        it(`${text} on ${JSON.stringify(object)}`, () => assert.equal(lack(text, object), expected));
    }
    for (const bad of [
        "Ready",
        "condition=",
        "jsonpath=.a",
        "jsonpath={.a}=",
        "jsonpath={.a}=b=c",
        "[]",
        "jsonpath='{.a}'",
    ]) {
        it(`refuses ${bad}`, () => assert.ok("fault" in parseWaitFor(bad)));
    }
});

describe("built-in waits", () => {
    const lack = (apiVersion: string, kind: string, object: Properties, found: Properties[] = []) => {
        const cluster = { list: () => Promise.resolve(found), get: () => Promise.resolve(found[0]) };
        return builtInFor({ apiVersion, kind })?.lacks(object, cluster as unknown as Cluster);
    };
    const settled = { generation: 2 };
    const available = { conditions: [{ type: "Available", status: "True" }] };
    const rolled = { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1, ...available };
    const deployments: [string, Properties, RegExp | undefined][] = [
        ["that is rolled out", rolled, undefined],
        ["whose change nobody has seen", { ...rolled, observedGeneration: 1 }, /not seen the change/],
        ["with pods of before", { ...rolled, replicas: 2 }, /1 of the old replicas/],
        ["with pods that are not updated", { ...rolled, updatedReplicas: 0 }, /0 of 1 replicas are updated/],
        ["with pods that are not available", { ...rolled, availableReplicas: 0 }, /0 of 1 replicas are available/],
        ["without the condition", { ...rolled, conditions: [] }, /Available is not True/],
    ];
    for (const [title, status, expected] of deployments) {
        it(`a Deployment ${title}`, () => {
            const said = lack("apps/v1", "Deployment", { metadata: settled, spec: {}, status });
            assert.match(String(said), expected ?? /^undefined$/);
        });
    }
    it("a StatefulSet: ready, updated, of the new revision", () => {
        const said = (status: Properties, spec: Properties = { replicas: 2 }) =>
            lack("apps/v1", "StatefulSet", { metadata: settled, spec, status: { observedGeneration: 2, ...status } });
        const done = { readyReplicas: 2, updatedReplicas: 2, currentRevision: "b", updateRevision: "b" };
        assert.equal(said(done), undefined);
        assert.equal(said({ ...done, readyReplicas: 1 }), "1 of 2 replicas are ready");
        assert.equal(said({ ...done, updatedReplicas: 1 }), "1 of 2 replicas are updated");
        assert.equal(said({ ...done, currentRevision: "a" }), "the update is not complete");
        const byHand = { replicas: 2, updateStrategy: { type: "OnDelete" } };
        assert.equal(said({ ...done, updatedReplicas: 0, currentRevision: "a" }, byHand), undefined);
    });
    it("a DaemonSet: on every node", () => {
        const said = (numberAvailable: number) =>
            lack("apps/v1", "DaemonSet", {
                metadata: settled,
                status: {
                    observedGeneration: 2,
                    desiredNumberScheduled: 2,
                    updatedNumberScheduled: 2,
                    numberAvailable,
                },
            });
        assert.equal(said(1), "1 of 2 replicas are available");
        assert.equal(said(2), undefined);
    });
    it("a Job: complete, and at once when it has failed", () => {
        const job = (type: string) => ({ status: { conditions: [{ type, status: "True" }] } });
        assert.equal(lack("batch/v1", "Job", job("Complete")), undefined);
        assert.match(String(lack("batch/v1", "Job", job("Suspended"))), /Complete is not True/);
        const { failed } = builtInFor({ apiVersion: "batch/v1", kind: "Job" })!;
        assert.equal(failed?.(job("Failed")), "it has failed");
        assert.equal(failed?.(job("Complete")), undefined);
    });
    it("a Service: a ready endpoint, unless it has none by nature", async () => {
        const service = (spec: Properties) => ({ metadata: { name: "a", namespace: "b" }, spec });
        const selecting = service({ selector: { a: "1" }, clusterIP: "10.0.0.1" });
        const slice = (ready: boolean) => [{ endpoints: [{ conditions: { ready } }] }];
        assert.equal(await lack("v1", "Service", selecting), "no pod has its labels");
        assert.equal(await lack("v1", "Service", selecting, slice(false)), "none of the pods with its labels is ready");
        assert.equal(await lack("v1", "Service", selecting, slice(true)), undefined);
        const balanced = service({ selector: { a: "1" }, type: "LoadBalancer" });
        assert.equal(await lack("v1", "Service", balanced, slice(true)), "it has no external address");
        const without: Properties[] = [
            { selector: { a: "1" }, clusterIP: "None" },
            { type: "ExternalName" },
            { selector: {} },
        ];
        for (const spec of without) {
            assert.equal(await lack("v1", "Service", service(spec)), undefined);
        }
    });
    it("a claim: bound, or pending where its class binds late", async () => {
        const claim = (phase: string) => ({ spec: { storageClassName: "a" }, status: { phase } });
        const late = [{ volumeBindingMode: "WaitForFirstConsumer" }];
        assert.equal(await lack("v1", "PersistentVolumeClaim", claim("Pending")), "its phase is Pending");
        assert.equal(await lack("v1", "PersistentVolumeClaim", claim("Bound")), undefined);
        assert.equal(await lack("v1", "PersistentVolumeClaim", claim("Pending"), late), undefined);
    });
    it("a Secret: only one that gets a token", () => {
        assert.equal(lack("v1", "Secret", { type: "Opaque" }), undefined);
        const token = { type: "kubernetes.io/service-account-token" };
        assert.match(String(lack("v1", "Secret", token)), /data is empty/);
        assert.equal(lack("v1", "Secret", { ...token, data: { token: "a" } }), undefined);
    });
    it("a pod: ready, or done", () => {
        assert.match(String(lack("v1", "Pod", { status: { phase: "Running" } })), /Ready is not True/);
        assert.equal(lack("v1", "Pod", { status: { phase: "Succeeded" } }), undefined);
    });
    it("nothing for kinds that the official provider does not wait for", () => {
        assert.equal(builtInFor({ apiVersion: "external-secrets.io/v1", kind: "ExternalSecret" }), undefined);
        assert.equal(builtInFor({ apiVersion: "v1", kind: "ConfigMap" }), undefined);
    });
});

describe("valueAt", () => {
    const object: Value = {
        metadata: { labels: { app: "a", "app.kubernetes.io/name": "b" }, finalizers: ["x", "y"] },
        spec: { containers: [{ name: "a", ports: [{ containerPort: 80, protocol: "TCP" }, { containerPort: 81 }] }] },
    };
    const fields: [string, unknown][] = [
        [".metadata.labels.app", "a"],
        [".metadata.labels.app.kubernetes.io/name", "b"],
        [`.metadata.finalizers[="y"]`, "y"],
        [`.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"].protocol`, "TCP"],
        [`.spec.containers[name="a"].ports[containerPort=81,protocol="TCP"].containerPort`, 81],
        [`.spec.containers[name="b"].image`, undefined],
        [".spec.containers[0].name", "a"],
        [".none.at.all", undefined],
    ];
    for (const [field, expected] of fields) {
        it(field, () => assert.equal(valueAt(object, field), expected));
    }
});

describe("conflicts", () => {
    it("are told by manager and field, with the ways on", () => {
        const causes = [
            { reason: "FieldManagerConflict", message: `conflict with "kubectl-edit" using v1`, field: ".data.a" },
            { reason: "FieldManagerConflict", message: `conflict with "kubectl-edit" using v1`, field: ".data.b" },
            { reason: "FieldManagerConflict", message: `conflict with "other"`, field: ".data.c" },
        ];
        const failure = new ApiFailure(409, { reason: "Conflict", details: { causes } }, "PATCH");
        const { message } = conflictRefusal("ConfigMap a/b", conflictsIn(failure));
        assert.match(message, /"kubectl-edit" manages \.data\.a, \.data\.b; "other" manages \.data\.c\./);
        assert.match(message, /pulumi\.com\/patchForce: "true"/);
        assert.match(message, /take them out of the program/);
        assert.deepEqual(conflictsIn(new ApiFailure(409, { reason: "AlreadyExists" }, "PATCH")), []);
    });
});

describe("declaredAsLive", () => {
    const cases: [string, Properties, Properties, Properties | undefined, Properties][] = [
        ["keeps what is the same", { a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 }, undefined, { a: { b: 1 } }],
        ["takes what is another", { a: { b: 1 } }, { a: { b: 2 } }, undefined, { a: { b: 2 } }],
        ["drops what is gone", { a: { b: 1, c: 1 } }, { a: { c: 1 } }, undefined, { a: { c: 1 } }],
        [
            "keeps what means the same",
            { a: { cpu: "1000m" } },
            { a: { cpu: "1" } },
            { a: { cpu: "1" } },
            { a: { cpu: "1000m" } },
        ],
        ["keeps what an apply would drop too", { a: { b: "" } }, { a: {} }, { a: {} }, { a: { b: "" } }],
        ["keeps what is empty and left out", { a: { b: [], c: {} } }, { a: {} }, undefined, { a: { b: [], c: {} } }],
        [
            "keeps a list beside which others add",
            { l: [{ name: "a", v: 1 }] },
            {
                l: [
                    { name: "a", v: 2 },
                    { name: "side", v: 0 },
                ],
            },
            {
                l: [
                    { name: "a", v: 1 },
                    { name: "side", v: 0 },
                ],
            },
            { l: [{ name: "a", v: 2 }] },
        ],
        [
            "takes what others add to a list that an apply would make whole again",
            { l: [{ name: "a" }] },
            { l: [{ name: "b" }, { name: "a" }] },
            { l: [{ name: "a" }] },
            { l: [{ name: "a" }, { name: "b" }] },
        ],
        [
            "compares lists without names by place",
            { l: [{ p: 1 }] },
            { l: [{ p: 2, d: 0 }] },
            undefined,
            { l: [{ p: 2 }] },
        ],
        [
            "takes a list of another length",
            { l: [{ p: 1 }] },
            { l: [{ p: 1 }, { p: 2 }] },
            undefined,
            { l: [{ p: 1 }, { p: 2 }] },
        ],
        [
            "reads stringData out of data",
            { stringData: { a: "x", b: "y", c: "z" } },
            { data: { a: base64("x"), b: base64("other"), d: base64("d") } },
            undefined,
            { stringData: { a: "x", b: "other" } },
        ],
    ];
    for (const [title, declared, live, wanted, expected] of cases) {
        it(title, () => assert.deepEqual(declaredAsLive(declared, live, wanted), expected));
    }
});

describe("outputs", () => {
    it("are the live object without its bookkeeping, with what only the program knows", () => {
        const live = { kind: "Secret", metadata: { name: "a", managedFields: [] }, data: {} };
        assert.deepEqual(outputsOf(SECRET, live, { stringData: { a: "1" } }, "m"), {
            kind: "Secret",
            metadata: { name: "a" },
            data: {},
            stringData: { a: "1" },
            __fieldManager: "m",
        });
    });
    it("stringData is stored as data", () => {
        assert.deepEqual(asStored({ data: { a: "eA==" }, stringData: { b: "y" } }), {
            data: { a: "eA==", b: base64("y") },
        });
    });
});

describe("import", () => {
    const metadata = {
        name: "a",
        namespace: "b",
        uid: "u",
        resourceVersion: "1",
        creationTimestamp: "t",
        generation: 1,
    };
    const managed = (fieldsV1: Properties, manager = "pulumi-kubernetes-0000", operation = "Apply") => ({
        manager,
        operation,
        fieldsV1,
    });
    it("of what was applied: just that", () => {
        const live: Properties = {
            apiVersion: "v1",
            kind: "X",
            metadata: {
                ...metadata,
                labels: { a: "1", b: "2" },
                managedFields: [
                    managed({
                        "f:metadata": { "f:labels": { "f:a": {} } },
                        "f:spec": {
                            "f:list": { 'k:{"name":"x"}': { ".": {}, "f:name": {}, "f:v": {} } },
                            "f:set": { 'v:"one"': {} },
                            "f:whole": {},
                        },
                    }),
                    managed({ "f:spec": { "f:defaulted": {} } }, "controller", "Update"),
                ],
            },
            spec: {
                list: [{ name: "y" }, { name: "x", v: 1, d: 0 }],
                set: ["one", "two"],
                whole: [{ any: 1 }],
                defaulted: true,
            },
            status: {},
        };
        assert.deepEqual(inputsOfImported({ apiVersion: "v1", kind: "X", patch: false }, live), {
            apiVersion: "v1",
            kind: "X",
            metadata: { name: "a", namespace: "b", labels: { a: "1" } },
            spec: { list: [{ name: "x", v: 1 }], set: ["one"], whole: [{ any: 1 }] },
        });
    });
    it("of what was made otherwise: all but what the server sets", () => {
        const annotations = { "deployment.kubernetes.io/revision": "1", own: "x" };
        const live = { kind: "X", metadata: { ...metadata, annotations }, spec: { a: 1 }, status: {} };
        assert.deepEqual(inputsOfImported({ apiVersion: "v1", kind: "X", patch: false }, live), {
            kind: "X",
            metadata: { name: "a", namespace: "b", annotations: { own: "x" } },
            spec: { a: 1 },
        });
    });
    it("of a patch: only what patches have set", () => {
        const managedFields = [
            managed({ "f:data": { "f:a": {} } }, "external-secrets"),
            managed({ "f:metadata": { "f:annotations": { "f:x": {} } } }),
        ];
        const live = { metadata: { ...metadata, annotations: { x: "1" }, managedFields }, data: { a: "1" } };
        assert.deepEqual(inputsOfImported({ ...SECRET, patch: true }, live), {
            metadata: { name: "a", namespace: "b", annotations: { x: "1" } },
        });
    });
});

describe("previews", () => {
    it("show as unknown what a dry run makes up", () => {
        const live = { kind: "Service", metadata: { name: "a", uid: "u" }, spec: { clusterIP: "1.2.3.4", type: "x" } };
        const planned = plannedCreate({ apiVersion: "v1", kind: "Service", patch: false }, {}, live);
        assert.equal((planned["metadata"] as Properties)["uid"], UNKNOWN);
        assert.deepEqual(planned["spec"], { clusterIP: UNKNOWN, clusterIPs: UNKNOWN, type: "x" });
    });
    it("show a Secret's data as unknown where the API server has still to make it", () => {
        const planned = (declared: Properties, live?: Properties) => plannedCreate(SECRET, declared, live)["data"];
        assert.equal(planned({ stringData: { a: "1" } }), UNKNOWN);
        assert.deepEqual(planned({ stringData: { a: "1" } }, { data: { a: "MQ==" } }), { a: "MQ==" });
        assert.equal(planned({ type: "kubernetes.io/service-account-token" }, { data: {} }), UNKNOWN);
        assert.deepEqual(planned({ data: { a: "MQ==" } }), { a: "MQ==" });
    });
    it("keep what the server had set, where it cannot be asked", () => {
        const known = {
            metadata: { name: "a", uid: "u" },
            spec: { clusterIP: "1.2.3.4", ports: [1] },
            status: { a: 1 },
        };
        const declared: Properties = { metadata: { name: "a" }, spec: { ports: [2], x: UNKNOWN } };
        const planned = plannedUpdate({ apiVersion: "v1", kind: "Service", patch: false }, declared, undefined, known);
        assert.deepEqual(planned["spec"], { clusterIP: "1.2.3.4", ports: [2], x: UNKNOWN });
        assert.equal((planned["metadata"] as Properties)["uid"], "u");
        assert.deepEqual(planned["status"], { a: 1 });
    });
});

describe("errors about secrets", () => {
    it("show neither the value nor its base64", () => {
        const said = new Refusal(`bad "hunter22" or ${base64("hunter22")}`);
        const hidden = withoutValues(said, { data: { a: base64("hunter22") }, spec: { a: "bad" } }, ["data"]) as Error;
        assert.equal(hidden.message, 'bad "[secret]" or [secret]');
    });
    it("leave others as they are", () => {
        const error = new Refusal("bad");
        assert.equal(withoutValues(error, { data: { a: "eA==" } }, ["data"]), error);
    });
});

describe("kubernetes settings", () => {
    it("reads text, and booleans written as text or from the environment", () => {
        const args = { kubeconfig: "a", context: "b", enablePatchForce: "true", enableSecretMutable: "false" };
        const env = { PULUMI_K8S_ENABLE_SECRET_MUTABLE: "true", PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE: "true" };
        assert.deepEqual(settingsFrom(args, env), {
            kubeconfig: "a",
            context: "b",
            patchForce: true,
            secretMutable: false,
            configMapMutable: true,
            upsert: false,
        });
    });
    it("refuses what it cannot honour", () => {
        assert.deepEqual(faultsOfSettings({ kubeconfig: "a", enableServerSideApply: "true" }, {}), []);
        assert.match(faultsOfSettings({ renderYamlToDirectory: "a" }, {}).join(), /kubernetes:renderYamlToDirectory/);
        assert.match(faultsOfSettings({ deleteUnreachable: UNKNOWN }, {}).join(), /kubernetes:deleteUnreachable/);
        assert.match(faultsOfSettings({ enableServerSideApply: "false" }, {}).join(), /cannot be false/);
        assert.match(faultsOfSettings({}, { PULUMI_K8S_AWAIT_ALL: "true" }).join(), /PULUMI_K8S_AWAIT_ALL/);
    });
});
