import { listOfTexts, resourcePolicy } from "../core/define";
import { nodePools } from "../core/nodePools";
import { get, shown } from "../core/values";

interface Config {
  sizes: string[];
}

export const allowedVmSizes = resourcePolicy<Config>({
  name: "allowed-vm-sizes",
  description: "Node pools use only the sizes that were agreed on.",
  settings: {
    sizes: listOfTexts("VM sizes that node pools may have.", [
      "Standard_D2as_v5",
      "Standard_D2s_v5",
      "Standard_D4as_v5",
      "Standard_D4s_v5",
      "Standard_E2s_v5",
      "Standard_E4s_v5",
    ]),
  },
  validate: (resource, { sizes }) => {
    const pools = nodePools(resource);
    if (typeof pools === "string") return [`The sizes can't be checked: ${pools}.`];
    return pools.flatMap(({ name, value }) => {
      const size = get(value, "vmSize");
      if (typeof size === "string" && sizes.includes(size)) return [];
      return [`Node pool «${name}»: vmSize is ${shown(size)}: use one of ${sizes.join(", ")}.`];
    });
  },
});
