import { resourcePolicy } from "../core/define";
import { checkContainers } from "../core/pods";
import { Unknown, get } from "../core/values";

/** Ask for a digest, or a tag with a digit in it: `latest`, `stable` and `main` move, `1.29.0` does not. */
export const pinnedImages = resourcePolicy({
  name: "pinned-images",
  description: "Every image has a digest or a version as its tag.",
  validate: (resource) =>
    checkContainers(resource, ({ name, value }) => {
      const image = get(value, "image");
      // An image that is built in the same update is known when this runs again, before the pod is created.
      if (image instanceof Unknown) return [];
      if (typeof image === "string" && isPinned(image)) return [];
      const shown = typeof image === "string" ? `«${image}»` : "(none)";
      return [
        `Container «${name}»: image ${shown} is not pinned: write a version, e.g. «name:1.4.2», or a digest.`,
      ];
    }),
});

/** Words of a tag that is moved to each new image, digits or not: `latest-py3`. */
const movingWord = /(^|[-_.])(latest|stable|edge|lts|rolling|current)([-_.]|$)/i;

/** Whether an image reference has a digest, or a tag that reads as a version. */
export function isPinned(image: string): boolean {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return true;
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag !== undefined && /\d/.test(tag) && !movingWord.test(tag);
}
