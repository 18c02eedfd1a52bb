import { ProxyAgent } from "proxy-agent";
import { getProxyForUrl } from "proxy-from-env";

/** What a connection is opened with: an authority, a client's certificate. */
type TlsOptions = ConstructorParameters<typeof ProxyAgent>[0];

/**
 * Connections that go through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, as those of the engine and of
 * AWS's CLI do; to this machine itself never, as Go's have it.
 */
export function agentBehindProxy(options: TlsOptions): ProxyAgent {
    return new AgentBehindProxy({ ...options, getProxyForUrl: proxyOf });
}

class AgentBehindProxy extends ProxyAgent {
    /** Closes the connections without a proxy too, which the library leaves open. */
    override destroy(): void {
        this.httpAgent.destroy();
        this.httpsAgent.destroy();
        super.destroy();
    }
}

function proxyOf(url: string): string {
    const { hostname } = new URL(url);
    return /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname) ? "" : getProxyForUrl(url);
}
