"""Asks cloudsplaining what every account's policies allow without naming a resource, and which lead to more rights.
Standard input: {"extracts": [...]}, as extract.ts has them. Standard output: what it was asked, and findings.
"""

import json
import sys

from cloudsplaining.scan.authorization_details import AuthorizationDetails
from cloudsplaining.shared.exclusions import Exclusions

RISKS = (
    "PrivilegeEscalation",
    "ResourceExposure",
    "DataExfiltration",
    "ServiceWildcard",
    "CredentialsExposure",
    "InfrastructureModification",
)
# Nothing is left out unasked: by itself it skips some names.
NOTHING = Exclusions({"policies": [""], "roles": [""], "users": [""], "groups": [""]})


def main():
    asked, findings = 0, []
    for extract in json.load(sys.stdin)["extracts"]:
        results = AuthorizationDetails(extract["details"], exclusions=NOTHING).results
        for kind in ("customer_managed_policies", "inline_policies"):
            for policy in results[kind].values():
                asked += 1
                for risk in RISKS:
                    if found := policy[risk]["findings"]:
                        detail = ", ".join(sorted(one if isinstance(one, str) else one["type"] for one in found))
                        findings.append(
                            {"of": extract["stack"], "rule": risk, "subject": policy["PolicyName"], "detail": detail}
                        )
    json.dump({"asked": f"{asked} policies", "findings": findings}, sys.stdout)


main()
