/** The mail server of the local stack, on Mailpit's ports. */
import { startMailbox } from "./mailbox";

startMailbox({ smtp: 1025, web: 8025 }).then(
  ({ stop }) => {
    console.log("SMTP on port 1025, the page on port 8025");
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());
  },
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
