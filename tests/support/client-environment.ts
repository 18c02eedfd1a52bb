/** What is set on a developer's machine and read by clients of AWS and OpenAI: their tests are not to depend on it. */
const ofClients = /^(AWS|OPENAI)_/;

/** In its place: no files of settings, and no proxy between a client and this machine. */
const nothing = {
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    NO_PROXY: "localhost,127.0.0.1",
    no_proxy: "localhost,127.0.0.1",
};

/** The environment of a service that is told `variables` and nothing else of AWS or OpenAI. */
export function clientEnvironment(variables: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    const others = Object.entries(process.env).filter(([name]) => !ofClients.test(name));
    return { ...Object.fromEntries(others), ...nothing, ...variables };
}

/** Gives this process that environment while `run` runs. */
export async function withEnvironment<Result>(
    variables: Readonly<Record<string, string>>,
    run: () => Promise<Result>,
): Promise<Result> {
    const before = { ...process.env };
    become(clientEnvironment(variables));
    try {
        return await run();
    } finally {
        become(before);
    }
}

function become(environment: NodeJS.ProcessEnv): void {
    for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
    Object.assign(process.env, environment);
}
