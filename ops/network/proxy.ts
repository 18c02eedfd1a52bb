import { readFileSync } from "node:fs";
import { BlockList, isIP } from "node:net";
import { rootCertificates } from "node:tls";

import { ProxyAgent } from "proxy-agent";

import { exitCodes, InfraError } from "../common/errors";

type Environment = Readonly<Record<string, string | undefined>>;

/** What a connection is opened with: an authority, a client's certificate. */
type TlsOptions = ConstructorParameters<typeof ProxyAgent>[0];

/** Connections that go through the proxy that {@link proxyOf} names. */
export function agentBehindProxy(options: TlsOptions): ProxyAgent {
    return new AgentBehindProxy({ ...options, getProxyForUrl: (url) => proxyOf(url) ?? "" });
}

class AgentBehindProxy extends ProxyAgent {
    /** Closes the connections without a proxy too, which the library leaves open. */
    override destroy(): void {
        this.httpAgent.destroy();
        this.httpsAgent.destroy();
        super.destroy();
    }
}

/**
 * The proxy for an address, by HTTPS_PROXY, HTTP_PROXY and NO_PROXY as Go reads them, so that the engine, its plugins and
 * this tool go the same way; undefined where there is none. This machine itself is never asked through one.
 *
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
 * @throws InfraError for what is no address of a proxy; it is not shown, since it may have a password
 */
export function proxyOf(url: string, environment: Environment = process.env): string | undefined {
    const { protocol, hostname, port } = new URL(url);
    const name = protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
    const given = variable(environment, name);
    const host = hostname.replace(/^\[|\]$/g, "");
    if (!given || isLoopback(host)) return undefined;
    const noProxy = variable(environment, "NO_PROXY") ?? "";
    if (isExcluded(host, port || (protocol === "https:" ? "443" : "80"), noProxy)) return undefined;
    const proxy = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
    if (URL.canParse(proxy) && /^(https?|socks5h?):$/.test(new URL(proxy).protocol)) return proxy;
    throw new InfraError(
        exitCodes.unreachable,
        `${name} in the environment is no address of a proxy.`,
        "Expected http://host:port, https://host:port or socks5://host:port.",
    );
}

function variable(environment: Environment, name: string): string | undefined {
    return environment[name] || environment[name.toLowerCase()];
}

function isLoopback(host: string): boolean {
    return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** NO_PROXY: `*`, addresses and their ranges, and domains, which have their subdomains with them; each with a port or not. */
function isExcluded(host: string, port: string, noProxy: string): boolean {
    return noProxy
        .split(",")
        .map((entry) => entry.trim().toLowerCase())
        .some((entry) => {
            if (entry === "" || entry === "*") return entry === "*";
            if (entry.includes("/")) return isInRange(host, entry);
            const [, name, only] = /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `${entry}:` : entry)!;
            if (only !== undefined && only !== port) return false;
            const plain = name.replace(/^\[|\]$|:$/g, "").replace(/^\*(?=\.)/, "");
            if (isIP(plain)) return plain === host;
            return plain.startsWith(".") ? host.endsWith(plain) : host === plain || host.endsWith(`.${plain}`);
        });
}

function isInRange(host: string, range: string): boolean {
    const [address, bits] = range.split("/");
    const family = isIP(host);
    if (family === 0 || isIP(address) !== family) return false;
    const list = new BlockList();
    const type = family === 4 ? "ipv4" : "ipv6";
    list.addSubnet(address, Number(bits), type);
    return list.check(host, type);
}

/**
 * The authorities that are trusted besides the system's: those of AWS_CA_BUNDLE, which a proxy that looks into
 * connections needs. Undefined where none is named.
 *
 * @throws InfraError where they cannot be read
 */
export function certificatesOfCaller(environment: Environment = process.env): (string | Buffer)[] | undefined {
    const { AWS_CA_BUNDLE: file } = environment;
    return file ? [...rootCertificates, certificatesIn(file)] : undefined;
}

/** @throws InfraError where the file cannot be read */
export function certificatesIn(file: string): Buffer {
    try {
        return readFileSync(file);
    } catch (error) {
        throw new InfraError(
            exitCodes.unreachable,
            `The certificates in ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
            "Correct AWS_CA_BUNDLE, or unset it.",
        );
    }
}
