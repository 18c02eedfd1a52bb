import { type Command } from "commander";

/** A command or a group of commands, with what may follow it. */
interface Node {
    /** As typed: `infra buckets show`. */
    readonly path: string;
    readonly commands: readonly string[];
    /** Of an argument. */
    readonly values: readonly string[];
    /** With their dashes. */
    readonly options: readonly string[];
}

/** What prints a shell's completion script for a program and its stacks. */
export const shells = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export type Shell = keyof typeof shells;

/** The scripts complete the word `infra`, however the program is called that prints them. */
const word = "infra";

function nodes(command: Command, path: readonly string[] = [word]): Node[] {
    const options = command.createHelp().visibleOptions(command);
    return [
        {
            path: path.join(" "),
            commands: command.commands.map((child) => child.name()),
            values: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
            options: options.flatMap(({ long }) => long ?? []),
        },
        ...command.commands.flatMap((child) => nodes(child, [...path, child.name()])),
    ];
}

function words({ commands, values, options }: Node): string {
    return [...commands, ...values, ...options].join(" ");
}

/** Lines of a `case` that follows the words already typed down to the command that they name. */
function descend(tree: readonly Node[]): string {
    const paths = tree.flatMap(({ path, commands }) => commands.map((name) => `"${path} ${name}"`));
    return `${paths.join(" | ")}) at="$at $word" ;;`;
}

function offers(tree: readonly Node[], offer: (words: string) => string): string {
    return tree.map((node) => `        "${node.path}") ${offer(words(node))} ;;`).join("\n");
}

function bashScript(program: Command, stacks: readonly string[]): string {
    const tree = nodes(program);
    return `# infra: source <(npx infra completion bash)
_infra() {
    if [[ "\${COMP_WORDS[COMP_CWORD-1]}" == --stack ]]; then
        COMPREPLY=($(compgen -W "${stacks.join(" ")}" -- "\${COMP_WORDS[COMP_CWORD]}"))
        return
    fi
    local at=infra word
    for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$at $word" in
            ${descend(tree)}
        esac
    done
    case "$at" in
${offers(tree, (words) => `COMPREPLY=($(compgen -W "${words}" -- "\${COMP_WORDS[COMP_CWORD]}"))`)}
    esac
}
complete -o default -F _infra infra
`;
}

function zshScript(program: Command, stacks: readonly string[]): string {
    const tree = nodes(program);
    return `# infra: source <(npx infra completion zsh)
_infra() {
    if [[ "\${words[CURRENT-1]}" == --stack ]]; then
        compadd -- ${stacks.join(" ")}
        return
    fi
    local at=infra word
    for word in "\${(@)words[2,CURRENT-1]}"; do
        case "$at $word" in
            ${descend(tree)}
        esac
    done
    case "$at" in
${offers(tree, (words) => `compadd -- ${words}`)}
    esac
}
compdef _infra infra
`;
}

function fishScript(program: Command, stacks: readonly string[]): string {
    const tree = nodes(program);
    return `# infra: npx infra completion fish | source
function __infra_at
    set -l at infra
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case ${tree.flatMap(({ path, commands }) => commands.map((name) => `"${path} ${name}"`)).join(" ")}
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
${tree.map((node) => fishOffers(node, stacks)).join("\n")}
`;
}

function fishOffers({ path, commands, values, options }: Node, stacks: readonly string[]): string {
    const at = `complete -c infra -f -n '__infra_at "${path}"'`;
    const following = [...commands, ...values].join(" ");
    return [
        ...(following ? [`${at} -a '${following}'`] : []),
        ...options.map((option) => {
            const value = option === "--stack" ? ` -x -a '${stacks.join(" ")}'` : "";
            return `${at} -l ${option.replace(/^--/, "")}${value}`;
        }),
    ].join("\n");
}
