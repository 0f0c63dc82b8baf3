/** An error whose message tells a user what to do; the command line prints it without a stack trace. */
export class UserError extends Error {
  override readonly name = "UserError";
}
