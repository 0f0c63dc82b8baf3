import type { StackValidationPolicy } from "@pulumi/policy";
import { effectiveExemptions } from "./define";

/** Reports which exemptions took effect; it never blocks. It must be the last policy of the pack. */
export const exemptionReport: StackValidationPolicy = {
  name: "exemptions",
  description: "Exemptions that let something pass in this run.",
  enforcementLevel: "advisory",
  validateStack: (_args, report) => {
    for (const { policy, violation, exemption } of effectiveExemptions.values()) {
      report(
        `${policy} lets pass until ${exemption.expires} («${exemption.reason}»): ${violation.message}`,
        violation.resource?.urn,
      );
    }
  },
};
