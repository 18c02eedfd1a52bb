// One contract for every kind of object, on a real API server: created, unchanged, drifted by hand and repaired,
// imported, replaced, deleted. And what the API server refuses, what is awaited, and what happens when it goes away.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import * as net from "node:net";
import type { Server } from "@grpc/grpc-js";
import {
    CoreV1Api,
    KubeConfig,
    KubernetesObjectApi,
    PatchStrategy,
    type KubernetesObject,
} from "@kubernetes/client-node";
import { parse, stringify } from "yaml";
import { findEngine } from "../../local/engine";
import { cacheDirectory } from "../../local/paths";
import { kubernetesPackage } from "../../local/plugins/kubernetes";
import { serve } from "../../local/plugins/server";
import { receive, UNKNOWN, type Properties } from "../../local/plugins/wire";
import { throwawayProject, type Project } from "../support/plugin/cli";
import { CallFailed, Engine, type State } from "../support/plugin/engine";
import { wholeLife } from "../support/plugin/life";
import type { Sample } from "../support/plugin/samples";

/** Set before the first test: the suite makes its cluster after this file was loaded. */
let kubeconfig = "";
const unique = randomBytes(3).toString("hex");
const namespace = `plugin-contract-${unique}`;
const group = `contract-${unique}.example.com`;
const base64 = (text: string) => Buffer.from(text).toString("base64");

const NAMESPACE = "kubernetes:core/v1:Namespace";
const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";
const SECRET = "kubernetes:core/v1:Secret";
const SECRET_PATCH = "kubernetes:core/v1:SecretPatch";
const SERVICE = "kubernetes:core/v1:Service";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
const WIDGET = `kubernetes:${group}/v1:Widget`;

const configMap = (name: string, more: Properties = {}): Properties => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace },
    ...more,
});
const annotated = (name: string, annotations: Properties) => ({ metadata: { name, namespace, annotations } });

describe("stand-in kubernetes plugin on a real API server", function () {
    this.timeout(120_000);
    let server: Server;
    let engine: Engine;
    const config = new KubeConfig();
    let byHand: KubernetesObjectApi;
    let warnings: string[];
    const engines: Engine[] = [];

    before(async () => {
        kubeconfig = process.env["PLATFORM_TEST_KUBECONFIG"] ?? "";
        assert.ok(kubeconfig, "PLATFORM_TEST_KUBECONFIG must be the path of an administrator's kubeconfig");
        config.loadFromFile(kubeconfig);
        byHand = KubernetesObjectApi.makeApiClient(config);
        ({ server, engine } = await started({ kubeconfig }));
        await engine.create(NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    });
    after(async () => {
        await byHand?.delete({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
        engines.forEach((one) => one.close());
        server?.forceShutdown();
    });
    beforeEach(() => {
        warnings = [];
    });

    async function started(settings: Properties, cancelled = new AbortController().signal) {
        const warn = (message: string) => Promise.resolve(void warnings.push(message));
        const served = await serve(kubernetesPackage, () => undefined, { cancelled, warn });
        const engine = new Engine(served.port);
        engines.push(engine);
        await engine.configure(settings);
        return { engine, server: served.server };
    }

    async function rollout(name: string): Promise<{ complete: boolean }> {
        const object = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace } };
        const { metadata, status } = (await byHand.read(object)) as KubernetesObject & {
            status?: { observedGeneration?: number };
        };
        return { complete: status?.observedGeneration === metadata?.generation };
    }

    function drift(apiVersion: string, kind: string, change: object) {
        return (id: string) => {
            const [place, name] = id.includes("/") ? id.split("/") : [undefined, id];
            const object = { apiVersion, kind, metadata: { name, namespace: place }, ...change } as KubernetesObject;
            return byHand.patch(object, undefined, undefined, "by-hand", undefined, PatchStrategy.MergePatch);
        };
    }

    describe("the whole life", () => {
        const labels = { app: "contract" };
        const pod = {
            metadata: { labels },
            spec: {
                containers: [
                    {
                        name: "main",
                        image: "example.com/none@sha256:0",
                        resources: { requests: { cpu: "1", memory: "512Mi" } },
                    },
                ],
            },
        };
        const role = { rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] };
        const meta = (name: string) => ({ metadata: { name, namespace, labels: { "example.com/team": "a" } } });
        const rbac = "rbac.authorization.k8s.io/v1";

        const samples: Record<string, Sample> = {
            [CONFIG_MAP]: {
                inputs: configMap("life", { data: { a: "1", "b.txt": "2" } }),
                drift: drift("v1", "ConfigMap", { data: { a: "changed" } }),
                shows: "data.a",
                replacedBy: { data: { a: "other" } },
            },
            [SECRET]: {
                inputs: {
                    apiVersion: "v1",
                    kind: "Secret",
                    ...meta("life"),
                    data: { a: base64("first"), b: base64("second") },
                },
                drift: drift("v1", "Secret", { data: { b: base64("changed") } }),
                shows: "data.b",
                replacedBy: { type: "example.com/other" },
            },
            "kubernetes:core/v1:ServiceAccount": {
                inputs: {
                    apiVersion: "v1",
                    kind: "ServiceAccount",
                    ...meta("life"),
                    automountServiceAccountToken: false,
                },
                drift: drift("v1", "ServiceAccount", { automountServiceAccountToken: true }),
                shows: "automountServiceAccountToken",
            },
            [`kubernetes:${rbac}:Role`]: {
                inputs: { apiVersion: rbac, kind: "Role", ...meta("life"), ...role },
                drift: drift(rbac, "Role", { rules: [] }),
                shows: "rules",
            },
            [`kubernetes:${rbac}:RoleBinding`]: {
                inputs: {
                    apiVersion: rbac,
                    kind: "RoleBinding",
                    ...meta("life"),
                    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "life" },
                    subjects: [{ kind: "ServiceAccount", name: "life", namespace }],
                },
                drift: drift(rbac, "RoleBinding", { subjects: [{ kind: "ServiceAccount", name: "x", namespace }] }),
                shows: "subjects",
                replacedBy: { roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "other" } },
            },
            [`kubernetes:${rbac}:ClusterRole`]: {
                inputs: { apiVersion: rbac, kind: "ClusterRole", metadata: { name: `contract:${unique}` }, ...role },
                drift: drift(rbac, "ClusterRole", { rules: [] }),
                shows: "rules",
            },
            [DEPLOYMENT]: {
                inputs: {
                    apiVersion: "apps/v1",
                    kind: "Deployment",
                    ...meta("life"),
                    spec: { replicas: 0, minReadySeconds: 1, selector: { matchLabels: labels }, template: pod },
                },
                drift: async (id) => {
                    await drift("apps/v1", "Deployment", { spec: { minReadySeconds: 5 } })(id);
                    await until(async () => (await rollout("life")).complete);
                },
                shows: "spec.minReadySeconds",
                replacedBy: {
                    spec: { replicas: 0, minReadySeconds: 1, selector: { matchLabels: { app: "x" } }, template: pod },
                },
            },
            [SERVICE]: {
                inputs: {
                    apiVersion: "v1",
                    kind: "Service",
                    ...meta("life"),
                    spec: { ports: [{ name: "http", port: 80, targetPort: 80 }] },
                },
                drift: drift("v1", "Service", { spec: { ports: [{ name: "http", port: 80, targetPort: 81 }] } }),
                shows: "spec.ports",
            },
            "kubernetes:networking.k8s.io/v1:NetworkPolicy": {
                inputs: {
                    apiVersion: "networking.k8s.io/v1",
                    kind: "NetworkPolicy",
                    ...meta("life"),
                    spec: { podSelector: {}, policyTypes: ["Ingress"] },
                },
                drift: drift("networking.k8s.io/v1", "NetworkPolicy", { spec: { policyTypes: ["Egress"] } }),
                shows: "spec.policyTypes",
            },
            "kubernetes:policy/v1:PodDisruptionBudget": {
                inputs: {
                    apiVersion: "policy/v1",
                    kind: "PodDisruptionBudget",
                    ...meta("life"),
                    spec: { minAvailable: 1, selector: { matchLabels: labels } },
                },
                drift: drift("policy/v1", "PodDisruptionBudget", { spec: { minAvailable: 2 } }),
                shows: "spec.minAvailable",
            },
            [CRD]: {
                inputs: {
                    apiVersion: "apiextensions.k8s.io/v1",
                    kind: "CustomResourceDefinition",
                    metadata: { name: `gadgets.${group}` },
                    spec: definition("gadgets", "Gadget"),
                },
                drift: drift("apiextensions.k8s.io/v1", "CustomResourceDefinition", {
                    spec: { names: { plural: "gadgets", kind: "Gadget", shortNames: ["gdg"], singular: "gadgetto" } },
                }),
                shows: "spec.names.singular",
            },
        };
        for (const [token, sample] of Object.entries(samples)) {
            it(token, () => wholeLife(engine, { token, inputs: {}, outputs: [] }, sample));
        }

        it("a kind of one's own, applied as soon as its definition", async () => {
            const definitionState = await engine.create(CRD, {
                apiVersion: "apiextensions.k8s.io/v1",
                kind: "CustomResourceDefinition",
                metadata: { name: `widgets.${group}` },
                spec: definition("widgets", "Widget"),
            });
            const widget = { apiVersion: `${group}/v1`, kind: "Widget", ...meta("life"), spec: { size: 3 } };
            await wholeLife(
                engine,
                { token: WIDGET, inputs: {}, outputs: [] },
                { inputs: widget, drift: drift(`${group}/v1`, "Widget", { spec: { size: 4 } }), shows: "spec.size" },
            );
            const state = await engine.create(WIDGET, widget);
            await engine.delete(CRD, definitionState);
            assert.equal(await engine.read(WIDGET, state.id, state), undefined, "its kind is gone, so it is too");
            await engine.delete(WIDGET, state);
        });

        it("a patch of somebody else's Secret, which is left as it was", async () => {
            const others = { apiVersion: "v1", kind: "Secret", metadata: { name: "others", namespace } };
            await byHand.create({ ...others, data: { theirs: base64("x") } } as KubernetesObject);
            const inputs = { ...others, metadata: { ...others.metadata, annotations: { ours: "1" } } };
            await wholeLife(
                engine,
                { token: SECRET_PATCH, inputs: {}, outputs: [], secretOutputs: ["data"] },
                {
                    inputs,
                    drift: drift("v1", "Secret", {
                        metadata: { name: "others", namespace, annotations: { ours: "2" } },
                    }),
                    shows: "metadata.annotations.ours",
                    lasting: true,
                },
            );
            const left = (await byHand.read(others)) as KubernetesObject & { data: object };
            assert.deepEqual(left.data, { theirs: base64("x") });
            assert.equal(left.metadata?.annotations?.["ours"], undefined);
        });
    });

    describe("drift", () => {
        const labels = { app: "drifting" };
        const refreshed = async (token: string, state: State) => {
            const found = await engine.read(token, state.id, state);
            assert.ok(found);
            return found.inputs;
        };
        it("is not another spelling, a default, or what others add", async () => {
            const container = {
                name: "main",
                image: "example.com/none",
                resources: { requests: { cpu: "1000m", memory: "0.5Gi" }, limits: {} },
                env: [{ name: "EMPTY", value: "" }],
                command: [],
            };
            const template = { metadata: { labels, annotations: {} }, spec: { containers: [container] } };
            const state = await engine.create(DEPLOYMENT, {
                apiVersion: "apps/v1",
                kind: "Deployment",
                metadata: { name: "spelling", namespace, labels },
                spec: { replicas: 0, selector: { matchLabels: labels }, template },
            });
            await byHand.patch(
                {
                    apiVersion: "apps/v1",
                    kind: "Deployment",
                    metadata: { name: "spelling", namespace, labels: { theirs: "1" } },
                    spec: { template: { spec: { containers: [{ name: "sidecar", image: "example.com/sidecar" }] } } },
                } as KubernetesObject,
                undefined,
                undefined,
                "injector",
                true,
                PatchStrategy.ServerSideApply,
            );
            await until(async () => (await rollout("spelling")).complete);
            assert.deepEqual(await refreshed(DEPLOYMENT, state), state.inputs);
        });
        it("is what others add to a list that is one's own as a whole", async () => {
            const token = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding";
            const [apiVersion, kind] = ["rbac.authorization.k8s.io/v1", "RoleBinding"];
            const subjects = [{ kind: "ServiceAccount", name: "a", namespace }];
            const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "none" };
            const metadata = { name: "widened", namespace };
            const state = await engine.create(token, { apiVersion, kind, metadata, roleRef, subjects });
            const widened = [...subjects, { kind: "ServiceAccount", name: "intruder", namespace }];
            await drift(apiVersion, kind, { subjects: widened })(state.id);
            assert.deepEqual((await refreshed(token, state))["subjects"], widened);
        });
        it("shows in stringData, of which the API server keeps nothing", async () => {
            const inputs = { apiVersion: "v1", kind: "Secret", metadata: { name: "texts", namespace } };
            const state = await engine.create(SECRET, { ...inputs, stringData: { a: "1", b: "2", c: "3" } });
            assert.deepEqual(await refreshed(SECRET, state), state.inputs);
            await drift("v1", "Secret", { data: { b: base64("changed"), c: null } })(state.id);
            assert.deepEqual((await refreshed(SECRET, state))["stringData"], { a: "1", b: "changed" });
        });
        it("is seen by somebody who may only read", async () => {
            const state = await engine.create(CONFIG_MAP, configMap("watched", { data: { a: "1" } }));
            await drift("v1", "ConfigMap", { data: { a: "2" } })(state.id);
            const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "reader", namespace } };
            const rbac = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name: "reader", namespace } };
            await byHand.create(account);
            await byHand.create({
                ...rbac,
                kind: "Role",
                rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }],
            } as KubernetesObject);
            await byHand.create({
                ...rbac,
                kind: "RoleBinding",
                roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
                subjects: [{ kind: "ServiceAccount", name: "reader", namespace }],
            } as KubernetesObject);
            const { token } = await config
                .makeApiClient(CoreV1Api)
                .createNamespacedServiceAccountToken({ name: "reader", namespace, body: { spec: { audiences: [] } } })
                .then(({ status }) => status!);
            const plain = parse(readFileSync(kubeconfig, "utf8")) as { users: { user: Properties }[] };
            plain.users[0]!.user = { token };
            const { engine: reader } = await started({ kubeconfig: stringify(plain) });
            const found = await reader.read(CONFIG_MAP, state.id, state);
            assert.deepEqual(found?.inputs["data"], { a: "2" });
            await assert.rejects(reader.delete(CONFIG_MAP, state), (error: Error) => {
                assert.match(error.message, /DELETE .*: Forbidden: .*system:serviceaccount:.*\(HTTP 403\)/);
                assert.ok(!error.message.includes(token));
                return true;
            });
        });
    });

    describe("preview", () => {
        it("refuses what the API server refuses", async () => {
            await assert.rejects(
                engine.create(CONFIG_MAP, configMap("Not_A_Name"), true),
                /PATCH .*configmaps\/Not_A_Name.*: Invalid: .*RFC 1123.*\(HTTP 422\)/,
            );
            const bad = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a", namespace }, spec: {} };
            await assert.rejects(engine.create(DEPLOYMENT, bad, true), /spec\.selector: Required value/);
        });
        it("refuses a change that the API server refuses, and shows one that it takes", async () => {
            const state = await engine.create(CONFIG_MAP, configMap("previewed", { data: { a: "1" } }));
            await assert.rejects(
                engine.update(CONFIG_MAP, state, configMap("previewed", { data: { "not/a/key": "1" } }), true),
                /a valid config key/,
            );
            const planned = await engine.update(CONFIG_MAP, state, configMap("previewed", { data: { a: "2" } }), true);
            assert.deepEqual(planned.outputs["data"], { a: "2" });
            const unchanged = await engine.read(CONFIG_MAP, state.id, state);
            assert.deepEqual(unchanged?.outputs["data"], { a: "1" }, "a preview changes nothing");
        });
        it("plans what cannot be asked: unknown values, a namespace or a kind that is still to be made", async () => {
            const planned = [
                await engine.create(CONFIG_MAP, configMap("a", { data: { a: UNKNOWN } }), true),
                await engine.create(CONFIG_MAP, configMap("a", { metadata: { name: "a", namespace: "none" } }), true),
                await engine.create(
                    "kubernetes:none.example.com/v1:None",
                    { apiVersion: "none.example.com/v1", kind: "None", metadata: { name: "a" } },
                    true,
                ),
                await engine.create(
                    SECRET_PATCH,
                    { apiVersion: "v1", kind: "Secret", metadata: { name: "none", namespace } },
                    true,
                ),
            ];
            for (const { outputs } of planned) {
                assert.equal((outputs["metadata"] as Properties)["uid"], UNKNOWN);
            }
            assert.equal(planned[3]?.outputs["data"], UNKNOWN);
        });
    });

    it("makes no object that exists already, unless told to take it over", async () => {
        await byHand.create({ ...configMap("taken"), data: { a: "1" } } as KubernetesObject);
        const inputs = configMap("taken", { data: { a: "1", b: "2" } });
        await assert.rejects(
            engine.create(CONFIG_MAP, inputs),
            new RegExp(`ConfigMap ${namespace}/taken exists already.*import it by the id "${namespace}/taken"`),
        );
        const { engine: upserting } = await started({ kubeconfig, upsertExistingObjects: "true" });
        const { outputs } = await upserting.create(CONFIG_MAP, inputs);
        assert.deepEqual(outputs["data"], { a: "1", b: "2" });
    });

    it("reports a field conflict with manager, fields and the ways on, and forces when told to", async () => {
        const state = await engine.create(CONFIG_MAP, configMap("contested", { data: { a: "1" } }));
        await drift("v1", "ConfigMap", { data: { a: "theirs", b: "theirs" } })(state.id);
        const wanted = configMap("contested", { data: { a: "2", b: "2" } });
        await assert.rejects(engine.update(CONFIG_MAP, state, wanted), (error: Error) => {
            assert.match(error.message, /"by-hand" manages \.data\.a, \.data\.b\. .*pulumi\.com\/patchForce: "true"/);
            return true;
        });
        await assert.rejects(engine.update(CONFIG_MAP, state, wanted, true), /"by-hand" manages \.data\.a, \.data\.b/);
        const forced = { ...wanted, ...annotated("contested", { "pulumi.com/patchForce": "true" }) };
        const { outputs } = await engine.update(CONFIG_MAP, state, forced);
        assert.deepEqual(outputs["data"], { a: "2", b: "2" });
    });

    it("finds an object whose name has capital letters", async () => {
        const token = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole";
        const metadata = { name: `Contract:${unique}` };
        const inputs = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata, rules: [] };
        const state = await engine.create(token, inputs);
        assert.equal(state.id, `Contract:${unique}`);
        assert.deepEqual((await engine.read(token, state.id, state))?.inputs, inputs);
        await engine.delete(token, state);
        assert.equal(await engine.read(token, state.id, state), undefined);
    });

    it("gives up fields that are declared no more, and keeps those of others", async () => {
        const state = await engine.create(CONFIG_MAP, configMap("shrinking", { data: { a: "1", b: "1" } }));
        await drift("v1", "ConfigMap", { data: { c: "theirs" } })(state.id);
        const { outputs } = await engine.update(CONFIG_MAP, state, configMap("shrinking", { data: { a: "1" } }));
        assert.deepEqual(outputs["data"], { a: "1", c: "theirs" });
    });

    describe("waits", () => {
        const waiting = (name: string, waitFor: string, seconds = "2") =>
            configMap(name, annotated(name, { "pulumi.com/waitFor": waitFor, "pulumi.com/timeoutSeconds": seconds }));
        const failedOf = async (work: Promise<unknown>) => {
            const failed = await work.then(
                () => undefined,
                (error: CallFailed) => error,
            );
            assert.ok(failed instanceof CallFailed && failed.initFailed, "it must fail after the object exists");
            return { said: failed.initFailed.getReasonsList().join(), partial: failed.initFailed };
        };

        it("for what the annotation says, and keep what was made when they fail", async () => {
            const inputs = waiting("wanting", "jsonpath={.data.ready}=yes");
            const { said, partial } = await failedOf(engine.create(CONFIG_MAP, inputs));
            assert.match(
                said,
                /ConfigMap \S+\/wanting: waited 2 s for jsonpath=\{\.data\.ready\}=yes, but there is nothing at that path\./,
            );
            const outputs = receive(partial.getProperties());
            const state = { id: partial.getId(), inputs, outputs: outputs.values, secrets: outputs.secrets };
            const again = await failedOf(engine.update(CONFIG_MAP, state, inputs));
            assert.match(again.said, /waited 2 s for/, "the next update waits again");
            await assert.rejects(engine.read(CONFIG_MAP, state.id, state), /is not ready: expected jsonpath/);
            await drift("v1", "ConfigMap", { data: { ready: "yes" } })(state.id);
            await engine.update(CONFIG_MAP, state, inputs);
            assert.ok(await engine.read(CONFIG_MAP, state.id, state));
        });
        it("end as soon as it is so", async () => {
            const creating = engine.create(CONFIG_MAP, waiting("late", "jsonpath={.data.ready}", "60"));
            const patched = new Promise((resolve) => setTimeout(resolve, 1500)).then(() =>
                drift("v1", "ConfigMap", { data: { ready: "1" } })(`${namespace}/late`),
            );
            const [state] = await Promise.all([creating, patched]);
            assert.deepEqual(state.outputs["data"], { ready: "1" });
        });
        it("for a patch too", async () => {
            const others = { apiVersion: "v1", kind: "Secret", metadata: { name: "awaited", namespace } };
            await byHand.create({ ...others, data: { token: base64("hidden-value") } } as KubernetesObject);
            const inputs = {
                ...others,
                ...annotated("awaited", {
                    "pulumi.com/waitFor": `["jsonpath={.metadata.annotations['vault-version']}=2","jsonpath={.data.token}=x"]`,
                    "pulumi.com/timeoutSeconds": "1",
                }),
            };
            const first = await failedOf(engine.create(SECRET_PATCH, inputs));
            assert.match(first.said, /nothing at that path/);
            const outputs = receive(first.partial.getProperties());
            assert.ok(outputs.secrets.has("data"));
            const annotations = { metadata: { annotations: { "vault-version": "2" } } };
            const id = first.partial.getId();
            await drift("v1", "Secret", { metadata: { ...others.metadata, ...annotations.metadata } })(id);
            const state = { id, inputs, outputs: outputs.values, secrets: outputs.secrets };
            const second = await failedOf(engine.update(SECRET_PATCH, state, inputs));
            assert.match(second.said, /but it is something else\./);
            assert.ok(!second.said.includes(base64("hidden-value")));
        });
        it("for a Deployment's pods, and tell what they lack", async () => {
            const labels = { app: "stuck" };
            const deployment = {
                apiVersion: "apps/v1",
                kind: "Deployment",
                ...annotated("stuck", { "pulumi.com/timeoutSeconds": "5" }),
                spec: {
                    selector: { matchLabels: labels },
                    template: {
                        metadata: { labels },
                        spec: {
                            nodeSelector: { "example.com/none": "x" },
                            containers: [{ name: "main", image: "example.com/none" }],
                        },
                    },
                },
            };
            const { said } = await failedOf(engine.create(DEPLOYMENT, deployment));
            assert.match(
                said,
                /Deployment \S+\/stuck: waited 5 s for its rollout, but 0 of 1 replicas are available\./,
            );
            assert.match(said, /Available=False \(MinimumReplicasUnavailable\)/);
            assert.match(said, /Pod stuck-\S+ is Pending: PodScheduled=False \(Unschedulable\)/);
        });
        it("for a Deployment's rollout and a Service's endpoint, until they are there", async () => {
            const labels = { app: "rolling" };
            const metadata = { name: "rolling", namespace };
            const template = {
                metadata: { labels },
                spec: { containers: [{ name: "main", image: "example.com/none" }] },
            };
            const spec = { selector: { matchLabels: labels }, template };
            const [deployment, service] = await Promise.all([
                engine.create(DEPLOYMENT, { apiVersion: "apps/v1", kind: "Deployment", metadata, spec }),
                engine.create(SERVICE, {
                    apiVersion: "v1",
                    kind: "Service",
                    metadata,
                    spec: { selector: labels, ports: [{ port: 80 }] },
                }),
            ]);
            const { status } = deployment.outputs;
            assert.equal((status as Properties)["availableReplicas"], 1);
            await engine.delete(DEPLOYMENT, deployment);
            await until(async () => {
                const gone = await engine.read(SERVICE, service.id, service).then(
                    () => "",
                    ({ message }: Error) => message,
                );
                return /expected a ready endpoint, but no pod has its labels/.test(gone);
            });
        });
        it("for the token of a service account", async () => {
            const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "tokened", namespace } };
            await engine.create("kubernetes:core/v1:ServiceAccount", account);
            const inputs = {
                apiVersion: "v1",
                kind: "Secret",
                type: "kubernetes.io/service-account-token",
                ...annotated("token", { "kubernetes.io/service-account.name": "tokened" }),
            };
            assert.equal((await engine.create(SECRET, inputs, true)).outputs["data"], UNKNOWN);
            const state = await engine.create(SECRET, inputs);
            assert.ok(state.secrets.has("data"));
            assert.match(String((state.outputs["data"] as Properties)["token"]), /^[\w=]{100,}$/);
        });
        it("are interrupted with the run", async () => {
            const interrupt = new AbortController();
            const { engine: interrupted } = await started({ kubeconfig }, interrupt.signal);
            setTimeout(() => interrupt.abort(), 1000);
            const inputs = waiting("interrupted", "jsonpath={.data.never}", "100");
            const { said } = await failedOf(interrupted.create(CONFIG_MAP, inputs));
            assert.equal(said, "Interrupted by the user.");
        });
    });

    it("keeps Secrets secret, in the outputs and in errors", async () => {
        const inputs = {
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: "keys", namespace },
            stringData: { key: "very-hidden" },
        };
        const state = await engine.create(SECRET, await engine.check(SECRET, inputs));
        assert.deepEqual([...state.secrets].sort(), ["data", "stringData"]);
        const read = await engine.read(SECRET, state.id, state);
        assert.ok(read?.secrets.has("data") && read.secrets.has("stringData"));
        await assert.rejects(
            engine.update(SECRET, state, { ...inputs, type: "very-hidden", stringData: { key: "very-hidden" } }),
            (error: Error) => {
                assert.match(error.message, /\[secret\].*field is immutable/);
                assert.ok(!error.message.includes("very-hidden"));
                return true;
            },
        );
    });

    it("passes the API server's warnings on", async () => {
        await byHand.patch(
            {
                apiVersion: "v1",
                kind: "Namespace",
                metadata: { name: namespace, labels: { "pod-security.kubernetes.io/warn": "restricted" } },
            },
            undefined,
            undefined,
            "by-hand",
            undefined,
            PatchStrategy.MergePatch,
        );
        const labels = { app: "warned" };
        const template = { metadata: { labels }, spec: { containers: [{ name: "main", image: "example.com/none" }] } };
        const deployment = {
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "warned", namespace },
            spec: { replicas: 0, selector: { matchLabels: labels }, template },
        };
        await engine.create(DEPLOYMENT, deployment, true);
        assert.match(warnings.join(), /Deployment \S+\/warned: would violate PodSecurity "restricted/);
    });

    describe("when the API server goes away", () => {
        let proxy: Proxy;
        let through: string;
        let engine: Engine;
        before(async () => {
            const config = parse(readFileSync(kubeconfig, "utf8")) as { clusters: { cluster: { server: string } }[] };
            const { cluster } = config.clusters[0]!;
            proxy = new Proxy(new URL(cluster.server));
            cluster.server = `https://127.0.0.1:${await proxy.open()}`;
            through = stringify(config);
            ({ engine } = await started({ kubeconfig: through }));
        });
        after(() => proxy.close());

        it("goes on when it is back, in the middle of a wait as well", async () => {
            const annotations = { "pulumi.com/waitFor": "jsonpath={.data.ready}", "pulumi.com/timeoutSeconds": "60" };
            const old = await engine.create(CONFIG_MAP, configMap("old"));
            const waiting = engine.create(CONFIG_MAP, configMap("restarted", annotated("restarted", annotations)));
            await until(() =>
                byHand.read(configMap("restarted") as never).then(
                    () => true,
                    () => false,
                ),
            );
            await proxy.close();
            const others = [engine.create(CONFIG_MAP, configMap("after")), engine.delete(CONFIG_MAP, old)];
            await drift("v1", "ConfigMap", { data: { ready: "1" } })(`${namespace}/restarted`);
            await new Promise((resolve) => setTimeout(resolve, 3000));
            await proxy.open();
            assert.deepEqual((await waiting).outputs["data"], { ready: "1" });
            await Promise.all(others);
            assert.equal(await engine.read(CONFIG_MAP, old.id, old), undefined);
            assert.ok(await engine.read(CONFIG_MAP, `${namespace}/after`));
        });
        it("previews without it, with one warning", async () => {
            await proxy.close();
            const planned = await Promise.all([
                engine.create(CONFIG_MAP, configMap("a"), true),
                engine.create(CONFIG_MAP, configMap("b"), true),
            ]);
            assert.equal((planned[0].outputs["metadata"] as Properties)["name"], "a");
            assert.equal(warnings.length, 1);
            assert.match(warnings.join(), /API server at https:\/\/127\.0\.0\.1:\d+ cannot be reached: ECONNREFUSED/);
        });
    });

    it("says where it could not connect, and does not wait for what time does not heal", async () => {
        const config = parse(readFileSync(kubeconfig, "utf8")) as { clusters: { cluster: Properties }[] };
        delete config.clusters[0]!.cluster["certificate-authority"];
        delete config.clusters[0]!.cluster["certificate-authority-data"];
        const { engine: stranger } = await started({ kubeconfig: stringify(config) });
        const start = Date.now();
        await assert.rejects(
            stranger.create(CONFIG_MAP, configMap("a")),
            /API server at https:\/\/\S+ cannot be reached: [A-Z_]+CERT[A-Z_]*\./,
        );
        assert.ok(Date.now() - start < 5000);
    });

    function definition(plural: string, kind: string): Properties {
        const schema = {
            type: "object",
            properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
        };
        return {
            group,
            scope: "Namespaced",
            names: { plural, kind, singular: kind.toLowerCase() },
            versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
        };
    }
});

async function until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) {
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

/** A way to the API server that can be cut. */
class Proxy {
    private server: net.Server | undefined;
    private port = 0;
    private readonly sockets = new Set<net.Socket>();

    constructor(private readonly target: URL) {}

    async open(): Promise<number> {
        this.server = net.createServer((socket) => {
            const upstream = net.connect(Number(this.target.port), this.target.hostname);
            for (const [from, to] of [
                [socket, upstream],
                [upstream, socket],
            ] as const) {
                this.sockets.add(from);
                from.pipe(to);
                from.on("error", () => to.destroy());
                from.on("close", () => this.sockets.delete(from));
            }
        });
        await new Promise<void>((resolve) => this.server!.listen(this.port, "127.0.0.1", resolve));
        this.port = (this.server.address() as net.AddressInfo).port;
        return this.port;
    }

    async close(): Promise<void> {
        const { server } = this;
        this.server = undefined;
        const closed = new Promise<void>((resolve) =>
            server === undefined ? resolve() : server.close(() => resolve()),
        );
        this.sockets.forEach((socket) => socket.destroy());
        await closed;
    }
}

describe("stand-in kubernetes plugin under the real CLI", function () {
    this.timeout(180_000);
    const place = `plugin-cli-${unique}`;
    const config = new KubeConfig();
    let byHand: KubernetesObjectApi;
    let project: Project;
    const pathBefore = process.env["PATH"];

    const program = (waitFor: string) => `
        const pulumi = require("@pulumi/pulumi");
        const k8s = require("@pulumi/kubernetes");
        const provider = new k8s.Provider("cluster", { kubeconfig: new pulumi.Config().require("kubeconfig") });
        const opts = { provider };
        const namespace = new k8s.core.v1.Namespace("place", { metadata: { name: "${place}" } }, opts).metadata.name;
        const settings = new k8s.core.v1.ConfigMap("settings", { metadata: { namespace }, data: { a: "1" } }, opts);
        const keys = new k8s.core.v1.Secret("keys", {
            metadata: { name: "keys", namespace }, stringData: { key: "hidden-in-the-state" },
        }, opts);
        const patch = new k8s.core.v1.SecretPatch("synced", {
            metadata: { name: keys.metadata.name, namespace, annotations: {
                "pulumi.com/waitFor": ${JSON.stringify(waitFor)}, "pulumi.com/timeoutSeconds": "2",
            } },
        }, opts);
        new k8s.core.v1.ConfigMap("after", { metadata: { namespace } }, { ...opts, dependsOn: patch });
        exports.settings = settings.metadata.name;
        exports.key = keys.data.apply((data) => data.key);
    `;
    const failing = async (...args: string[]) =>
        project.pulumi(...args).then(
            () => assert.fail(`pulumi ${args.join(" ")} must fail`),
            ({ all = "" }: { all?: string }) => all,
        );

    before(async () => {
        kubeconfig = process.env["PLATFORM_TEST_KUBECONFIG"] ?? "";
        assert.ok(kubeconfig, "PLATFORM_TEST_KUBECONFIG must be the path of an administrator's kubeconfig");
        config.loadFromFile(kubeconfig);
        byHand = KubernetesObjectApi.makeApiClient(config);
        const { folder } = await findEngine(cacheDirectory());
        process.env["PATH"] = `${folder}:${pathBefore}`;
        project = await throwawayProject(kubernetesPackage, { "smoke:kubeconfig": kubeconfig });
    });
    after(async () => {
        process.env["PATH"] = pathBefore;
        await project?.remove();
    });

    it("previews before anything is there, and without a cluster with one warning", async () => {
        await project.program(program("jsonpath={.metadata.annotations['vault-version']}=1"));
        assert.match(await project.pulumi("preview"), /\+ 7 to create/);
        await project.pulumi("config", "set", "kubeconfig", "none.yaml");
        const [steps, diagnostics] = (await project.pulumi("preview")).split("Diagnostics:");
        assert.match(`${steps}${diagnostics}`, /\+ 7 to create/);
        assert.equal(diagnostics?.match(/The kubeconfig \S+none\.yaml does not exist\./g)?.length, 1);
        await project.pulumi("config", "set", "kubeconfig", kubeconfig);
    });

    it("up fails at a wait, holds back what comes after it, and tries the wait again, after a refresh as well", async () => {
        const said = await failing("up", "--yes", "--skip-preview");
        assert.match(said, /Secret \S+\/keys: waited 2 s for jsonpath=\S+=1, but there is nothing at that path/);
        const held = () => project.pulumi("stack", "--show-urns").then((stack) => !stack.includes("::after"));
        assert.ok(await held(), "what depends on the wait must not be there");
        assert.match(await failing("up", "--yes", "--skip-preview"), /waited 2 s for/);
        await project.pulumi("refresh", "--yes", "--skip-preview");
        assert.match(await failing("up", "--yes", "--skip-preview"), /waited 2 s for/);
        assert.ok(await held());
    });

    it("up, up again, refresh, drift, repair, destroy; no secret in plain text", async () => {
        await byHand.patch(
            {
                apiVersion: "v1",
                kind: "Secret",
                metadata: { name: "keys", namespace: place, annotations: { "vault-version": "1" } },
            },
            undefined,
            undefined,
            "operator",
            undefined,
            PatchStrategy.MergePatch,
        );
        await project.pulumi("up", "--yes", "--skip-preview");
        await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
        const name = (await project.pulumi("stack", "output", "settings")).trim();
        assert.match(name, new RegExp(`^settings-[a-z0-9]{8}$`));
        const state = await project.pulumi("stack", "export");
        for (const hidden of ["hidden-in-the-state", base64("hidden-in-the-state")]) {
            assert.ok(!state.includes(hidden), "the Secret's value stands in the state");
        }

        const changed = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: place }, data: { a: "2" } };
        await byHand.patch(changed, undefined, undefined, "by-hand", undefined, PatchStrategy.MergePatch);
        assert.match(await project.pulumi("refresh", "--yes", "--skip-preview", "--diff"), /"1" => "2"/);
        assert.match(await project.pulumi("up", "--yes", "--skip-preview"), /1 replaced|1 updated/);
        await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");

        assert.match(await project.pulumi("destroy", "--yes", "--skip-preview"), /7 deleted/);
        await assert.rejects(byHand.read({ apiVersion: "v1", kind: "Namespace", metadata: { name: place } }));
    });
});
