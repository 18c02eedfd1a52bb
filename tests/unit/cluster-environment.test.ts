import assert from "node:assert/strict";

import { type V1Container, type V1Pod, type V1Service } from "@kubernetes/client-node";

import { resolveEnvironment, sourcesOf, Unresolved } from "../../ops/kubernetes/container-environment";

const pod: V1Pod = {
    metadata: { name: "worker-1", namespace: "ai", uid: "u-1", labels: { "a.b/c": "label" }, annotations: { v: "3" } },
    spec: { containers: [], nodeName: "node-1", serviceAccountName: "sa" },
    status: { podIP: "10.1.2.3", hostIP: "10.0.0.1", podIPs: [{ ip: "10.1.2.3" }, { ip: "fd00::1" }] },
};

const base64 = (text: string) => Buffer.from(text).toString("base64");

const sources = {
    secrets: new Map([["keys", { data: { id: base64("AKIA"), text: base64("prüf") } }]]),
    configMaps: new Map([["config", { data: { region: "eu-west-1", "not=a name": "x" } }]]),
    services: [] as V1Service[],
};

function environmentOf(container: Partial<V1Container>, services: V1Service[] = [], of: V1Pod = pod) {
    return resolveEnvironment(of, { name: "c", ...container }, { ...sources, services });
}

const value = (env: V1Container["env"]) => environmentOf({ env });

describe("the environment that a kubelet gives", () => {
    it("takes values, keys of Secrets and of ConfigMaps", () => {
        assert.deepEqual(
            value([
                { name: "PLAIN", value: "1" },
                { name: "EMPTY" },
                { name: "ID", valueFrom: { secretKeyRef: { name: "keys", key: "id" } } },
                { name: "TEXT", valueFrom: { secretKeyRef: { name: "keys", key: "text" } } },
                { name: "REGION", valueFrom: { configMapKeyRef: { name: "config", key: "region" } } },
            ]),
            { PLAIN: "1", EMPTY: "", ID: "AKIA", TEXT: "prüf", REGION: "eu-west-1" },
        );
    });

    it("leaves out what is optional and not there", () => {
        assert.deepEqual(
            value([
                { name: "A", valueFrom: { secretKeyRef: { name: "keys", key: "none", optional: true } } },
                { name: "B", valueFrom: { secretKeyRef: { name: "none", key: "id", optional: true } } },
                { name: "C", valueFrom: { configMapKeyRef: { name: "none", key: "id", optional: true } } },
            ]),
            {},
        );
        assert.deepEqual(environmentOf({ envFrom: [{ secretRef: { name: "none", optional: true } }] }), {});
    });

    for (const [what, env, message] of [
        ["a Secret", { secretKeyRef: { name: "none", key: "id" } }, /^Secret none is not there$/],
        ["a key of a Secret", { secretKeyRef: { name: "keys", key: "none" } }, /^Secret keys has no key none$/],
        ["a ConfigMap", { configMapKeyRef: { name: "none", key: "id" } }, /^ConfigMap none is not there$/],
        ["a key of a ConfigMap", { configMapKeyRef: { name: "config", key: "none" } }, /^ConfigMap config has no key/],
        ["a field", { fieldRef: { fieldPath: "status.phase" } }, /status.phase is known to a kubelet only/],
        ["a resource", { resourceFieldRef: { resource: "limits.cpu" } }, /resourceFieldRef is known to a kubelet/],
    ] as const) {
        it(`does not start without ${what}`, () => {
            assert.throws(
                () => value([{ name: "A", valueFrom: env }]),
                (error: unknown) => error instanceof Unresolved && message.test(error.message),
            );
        });
    }

    it("takes all of a source, with a prefix, but for keys that are no names", () => {
        assert.deepEqual(
            environmentOf({
                envFrom: [{ configMapRef: { name: "config" } }, { prefix: "K_", secretRef: { name: "keys" } }],
            }),
            { region: "eu-west-1", K_id: "AKIA", K_text: "prüf" },
        );
    });

    it("lets a later source win, and a variable of its own most of all", () => {
        const both = { ...sources, configMaps: new Map([["config", { data: { id: "from the ConfigMap" } }]]) };
        const envFrom = [{ configMapRef: { name: "config" } }, { secretRef: { name: "keys" } }];
        assert.equal(resolveEnvironment(pod, { name: "c", envFrom }, both).id, "AKIA");
        const env = [{ name: "id", value: "own" }];
        assert.equal(resolveEnvironment(pod, { name: "c", envFrom, env }, both).id, "own");
    });

    it("puts in what is set already, and leaves the rest as written", () => {
        const { B } = value([
            { name: "A", value: "1" },
            { name: "B", value: "$(A) $(LATER) $$(A) $A $" },
            { name: "LATER", value: "x" },
        ]);
        assert.equal(B, "1 $(LATER) $(A) $A $");
    });

    it("does not put anything into a secret", () => {
        const secrets = new Map([["keys", { data: { id: base64("$(A)") } }]]);
        const env = [
            { name: "A", value: "1" },
            { name: "ID", valueFrom: { secretKeyRef: { name: "keys", key: "id" } } },
        ];
        assert.equal(resolveEnvironment(pod, { name: "c", env }, { ...sources, secrets }).ID, "$(A)");
    });

    it("knows the pod's fields", () => {
        const field = (fieldPath: string) => value([{ name: "F", valueFrom: { fieldRef: { fieldPath } } }]).F;
        assert.deepEqual(
            [
                "metadata.name",
                "metadata.namespace",
                "metadata.uid",
                "metadata.labels['a.b/c']",
                "metadata.annotations['v']",
                "metadata.annotations['none']",
                "spec.nodeName",
                "spec.serviceAccountName",
                "status.podIP",
                "status.podIPs",
                "status.hostIP",
            ].map(field),
            ["worker-1", "ai", "u-1", "label", "3", "", "node-1", "sa", "10.1.2.3", "10.1.2.3,fd00::1", "10.0.0.1"],
        );
    });

    const service = (name: string, namespace = "ai", clusterIP = "10.96.0.9"): V1Service => ({
        metadata: { name, namespace },
        spec: {
            clusterIP,
            ports: [
                { name: "health", port: 8080, protocol: "TCP" },
                { port: 53, protocol: "UDP" },
            ],
        },
    });

    it("has the addresses of Services, as links", () => {
        assert.deepEqual(environmentOf({}, [service("my-db")]), {
            MY_DB_SERVICE_HOST: "10.96.0.9",
            MY_DB_SERVICE_PORT: "8080",
            MY_DB_SERVICE_PORT_HEALTH: "8080",
            MY_DB_PORT: "tcp://10.96.0.9:8080",
            MY_DB_PORT_8080_TCP: "tcp://10.96.0.9:8080",
            MY_DB_PORT_8080_TCP_PROTO: "tcp",
            MY_DB_PORT_8080_TCP_PORT: "8080",
            MY_DB_PORT_8080_TCP_ADDR: "10.96.0.9",
            MY_DB_PORT_53_UDP: "udp://10.96.0.9:53",
            MY_DB_PORT_53_UDP_PROTO: "udp",
            MY_DB_PORT_53_UDP_PORT: "53",
            MY_DB_PORT_53_UDP_ADDR: "10.96.0.9",
        });
    });

    it("has no address of a headless Service, of another namespace, or where links are off", () => {
        const services = [
            service("headless", "ai", "None"),
            service("other", "elsewhere"),
            service("kubernetes", "default"),
        ];
        const hosts = (of: V1Pod) =>
            Object.keys(environmentOf({}, [...services, service("own")], of)).filter((name) => name.endsWith("_HOST"));
        assert.deepEqual(hosts(pod), ["KUBERNETES_SERVICE_HOST", "OWN_SERVICE_HOST"]);
        const unlinked = { ...pod, spec: { ...pod.spec!, enableServiceLinks: false } };
        assert.deepEqual(hosts(unlinked), ["KUBERNETES_SERVICE_HOST"]);
    });

    it("names every source once", () => {
        assert.deepEqual(
            sourcesOf({
                name: "c",
                envFrom: [{ secretRef: { name: "a" } }, { configMapRef: { name: "b" } }],
                env: [
                    { name: "A", valueFrom: { secretKeyRef: { name: "a", key: "x" } } },
                    { name: "B", valueFrom: { secretKeyRef: { name: "c", key: "x" } } },
                    { name: "C", valueFrom: { configMapKeyRef: { name: "d", key: "x" } } },
                ],
            }),
            { secrets: ["a", "c"], configMaps: ["b", "d"] },
        );
    });
});
