import { resourcePolicy } from "../core/define";
import { nodePools } from "../core/nodePools";
import { Unknown, get } from "../core/values";

interface Config {
  sizes: string[];
}

export const allowedVmSizes = resourcePolicy<Config>({
  name: "allowed-vm-sizes",
  description: "Node pools use only the sizes that were agreed on.",
  configSchema: {
    properties: {
      sizes: {
        type: "array",
        description: "VM sizes that node pools may have.",
        items: { type: "string" },
        default: [
          "Standard_D2as_v5",
          "Standard_D2s_v5",
          "Standard_D4as_v5",
          "Standard_D4s_v5",
          "Standard_E2s_v5",
          "Standard_E4s_v5",
        ],
      },
    },
  },
  enforcementLevel: "mandatory",
  validate: (resource, { sizes }) => {
    const pools = nodePools(resource);
    if (typeof pools === "string") return [`The sizes can't be checked: ${pools}.`];
    return pools.flatMap(({ name, value }) => {
      const size = get(value, "vmSize");
      if (typeof size === "string" && sizes.includes(size)) return [];
      const shown = size instanceof Unknown ? "unknown at preview" : `«${String(size)}»`;
      return [`Node pool «${name}»: vmSize is ${shown}: use one of ${sizes.join(", ")}.`];
    });
  },
});
