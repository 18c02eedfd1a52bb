"""Proves invariants over one account with iamprover, which asks Z3.

Standard input: {"details": what GetAccountAuthorizationDetails answers, "resourcePolicies": [{"name", "document"}],
"invariants": [as iamprover's own files have them], "deployer": ARN, "exceptions": [{"rule", "subject", "only"}]}.
Standard output: a list of findings. What an exception lets a principal do is taken away from it by a Deny; whatever it
may do beyond that is a finding of its own, which the exception does not cover.
"""

import copy
import json
import sys
import tempfile
from dataclasses import replace
from fnmatch import fnmatchcase

import z3
from iamprover.engine import solver
from iamprover.engine.patterns import expand_variables, globs_intersect
from iamprover.engine.reachability import RELATIONS, ReachabilityIndex
from iamprover.engine.solver import check_invariant
from iamprover.engine.trust import analyze_trust
from iamprover.invariants import parse_invariants
from iamprover.model import ANONYMOUS_ARN, Policy, Principal
from iamprover.parsers.aws import load_gaad
from iamprover.parsers.iam import parse_policy_document
from iamprover.privesc import load_builtin_privesc

HOPS = 4
PATIENCE = 20_000  # milliseconds for one question
BEYOND = " beyond its exception"

decide = z3.Solver.check


def decided(query, *assumptions):
    """The package takes whatever is not satisfiable for proved; that Z3 gave up is no proof."""
    query.set("timeout", PATIENCE)
    answer = decide(query, *assumptions)
    if answer == z3.unknown:
        raise SystemExit(f"Z3 could not decide: {query.reason_unknown()}")
    return answer


z3.Solver.check = decided


def touching(statements, invariant):
    """The statements, without the actions and resources that no request of the invariant can match: the same for Z3, and
    hundreds of patterns less. A statement that names what it is not about stays whole."""
    for statement in statements:
        actions, resources = statement.actions, statement.resources
        if not statement.not_actions:
            asked = {action.lower() for step in invariant.steps() for action in step.actions}
            actions = [a for a in actions if any(globs_intersect(expand_variables(a).lower(), one) for one in asked)]
        if not statement.not_resources:
            asked = {resource for step in invariant.steps() for resource in step.resources}
            resources = [r for r in resources if any(globs_intersect(expand_variables(r), one) for one in asked)]
        if (actions or statement.not_actions) and (resources or statement.not_resources):
            yield replace(statement, actions=actions, resources=resources)


check_principal = solver._check_principal


def checked(account, principal, invariant):
    """As the package asks it, but action by action where the policies name theirs in full: what is allowed is allowed by
    one of them, and Z3 decides at once what it gives up on with all of them in one question."""

    def ask(question):
        def narrowed(policies):
            return [Policy(policy.name, list(touching(policy.statements, question))) for policy in policies]

        return check_principal(
            replace(account, resource_policies=narrowed(account.resource_policies)),
            replace(principal, policies=narrowed(principal.policies)),
            question,
        )

    allows = [
        statement
        for policy in [*principal.policies, *account.resource_policies]
        for statement in touching(policy.statements, invariant)
        if statement.effect == "Allow"
    ]
    actions = sorted({action.lower() for statement in allows for action in statement.actions})
    if invariant.chain or any(s.not_actions for s in allows) or any(set(a) & set("*?$") for a in actions):
        return ask(invariant)
    return next(filter(None, (ask(replace(invariant, actions=[action])) for action in actions)), None)


solver._check_principal = checked


def account_of(given):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(given["details"], file)
        file.flush()
        account = load_gaad(file.name)
    account.resource_policies = [parse_policy_document(p["name"], p["document"]) for p in given["resourcePolicies"]]
    # Whom a resource's policy names beyond the account's own principals, and anybody at all.
    known = {principal.arn for principal in account.principals}
    named = {p for policy in account.resource_policies for s in policy.statements for p in s.principals}
    others = {p for p in named if p != "*" and p not in known and not p.startswith(("service:", "federated:"))}
    account.principals += [Principal(arn=arn, policies=[]) for arn in [ANONYMOUS_ARN, *sorted(others)]]
    return account


def unseen(details):
    """The package leaves out what is attached and not among the account's policies: nothing is proved of it then."""
    documents = {policy["Arn"] for policy in details["Policies"]}
    for kind in ("User", "Group", "Role"):
        for holder in details[f"{kind}DetailList"]:
            for attached in holder["AttachedManagedPolicies"]:
                if attached["PolicyArn"] not in documents:
                    yield finding("every-policy-is-known", holder["Arn"], f"{attached['PolicyArn']} is not")


def finding(rule, subject, detail):
    return {"rule": rule, "subject": subject, "detail": detail}


def words(example):
    steps = example.steps or [example]
    return ", then ".join(
        f"{step.action} on {step.resource}"
        + (f" with {json.dumps(step.context, sort_keys=True)}" if step.context else "")
        for step in steps
    )


def violations(account, invariant):
    return check_invariant(account, invariant, ReachabilityIndex(account, HOPS, RELATIONS)).counterexamples


def without(account, exceptions):
    """The account in which nobody may do what the exceptions let them do."""
    narrowed = copy.deepcopy(account)
    for principal in narrowed.principals:
        for exception in exceptions:
            if fnmatchcase(principal.arn, exception["subject"]):
                denied = [{**statement, "Effect": "Deny"} for statement in exception["only"]]
                principal.policies.append(parse_policy_document("exception", {"Statement": denied}))
    return narrowed


def main():
    given = json.load(sys.stdin)
    account = account_of(given)
    invariants = parse_invariants(given) + load_builtin_privesc([given["deployer"]])
    findings = list(unseen(given["details"]))
    for invariant in invariants:
        broken = violations(account, invariant)
        findings += [finding(invariant.id, example.principal, words(example)) for example in broken]
        excepted = [one for one in given["exceptions"] if fnmatchcase(invariant.id, one["rule"])]
        if broken and excepted:
            matched = [p.principal for p in broken if any(fnmatchcase(p.principal, one["subject"]) for one in excepted)]
            for example in violations(without(account, excepted), invariant):
                if example.principal in matched:
                    findings.append(finding(invariant.id + BEYOND, example.principal, words(example)))
    for trust in analyze_trust(account):
        findings.append(finding("trust-stays-in-the-account", trust.role_arn, f"trusts {trust.trusted}"))
    json.dump({"asked": f"{len(invariants)} invariants, {len(account.principals)} principals", "findings": findings}, sys.stdout)


main()
