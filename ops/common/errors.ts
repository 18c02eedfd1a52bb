/** What the exit code of every command says. */
export const exitCodes = {
    /** What was asked holds, or was done. */
    held: 0,
    /** A check failed: something is not as declared, or not fit to be changed. */
    failed: 1,
    /** The command line or the stack's file is wrong; nothing was tried. */
    usage: 2,
    /** What the command works on could not be reached, or did not let itself be used. */
    unreachable: 3,
    /** A fault of the tool itself. */
    fault: 70,
    /** Stopped by Ctrl-C. */
    interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A foreseeable failure: printed without a stack trace. */
export class InfraError extends Error {
    /**
     * @param reason what is wrong, free of secrets
     * @param fix what to do about it
     */
    constructor(
        readonly exitCode: ExitCode,
        readonly reason: string,
        readonly fix?: string,
    ) {
        super(fix === undefined ? reason : `${reason}\n${fix}`);
    }
}

/** Thrown where work stops because of Ctrl-C; says what became of it. */
export class Interrupted extends InfraError {
    constructor(reason = "Stopped; nothing was changed.") {
        super(exitCodes.interrupted, reason);
    }
}

/** Thrown where nobody can say whether a change was made. */
export class OutcomeUnknown extends InfraError {}
