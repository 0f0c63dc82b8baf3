import { images } from "../../components/images";
import { version } from "../../package.json";

/** The mail server of the local stack, with a page to read the mails. */
export const mailImage = "axllent/mailpit:v1.33.1";

/** The images of the local stack: the platform's, the sample's, and the mail server's. */
export const localImages: readonly string[] = [
  // The local stack has no object store.
  ...Object.values(images).filter((image) => image !== images.rclone),
  ...["pipeline", "api"].map((name) => `localhost:5000/penguins-${name}:${version}`),
  mailImage,
];
