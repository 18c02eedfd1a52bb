"""Asks parliament about every policy: is its grammar right, does each action, resource and condition key exist, do they
fit together. Standard input: {"extracts": [...]}, as extract.ts has them. Standard output: what it was asked, and findings.
"""

import json
import sys

from parliament import analyze_policy_string, enhance_finding


def documents(extract):
    details = extract["details"]
    for kind in ("User", "Group", "Role"):
        for holder in details[f"{kind}DetailList"]:
            name = holder[f"{kind}Name"]
            for policy in holder[f"{kind}PolicyList"]:
                yield f"{name}/{policy['PolicyName']}", policy["PolicyDocument"]
            if "AssumeRolePolicyDocument" in holder:
                yield f"{name}/trust", on(holder["Arn"], holder["AssumeRolePolicyDocument"])
    for policy in details["Policies"]:
        for version in policy["PolicyVersionList"]:
            yield policy["PolicyName"], version["Document"]
    for policy in extract["resourcePolicies"]:
        yield policy["name"], policy["document"]


def on(arn, trust):
    """A trust policy is of its role and does not say so; parliament wants it said of every policy."""
    return {**trust, "Statement": [{"Resource": arn, **statement} for statement in trust["Statement"]]}


def main():
    asked, findings = 0, []
    for extract in json.load(sys.stdin)["extracts"]:
        for name, document in documents(extract):
            asked += 1
            for found in map(enhance_finding, analyze_policy_string(json.dumps(document)).findings):
                detail = f"{found.title}: {found.detail or found.description}"
                findings.append({"of": extract["stack"], "rule": found.issue, "subject": name, "detail": detail})
    json.dump({"asked": f"{asked} policies", "findings": findings}, sys.stdout)


main()
