/** An environment variable whose value is a key of a Secret. */
export function fromSecret<Name>(name: string, secretName: Name, key: string) {
  return { name, valueFrom: { secretKeyRef: { name: secretName, key } } };
}
