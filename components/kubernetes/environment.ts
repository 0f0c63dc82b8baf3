/** An environment variable whose value is a key of a Secret. */
export function fromSecret<Name>(name: string, secretName: Name, key: string) {
  return { name, valueFrom: { secretKeyRef: { name: secretName, key } } };
}

/** An environment variable whose value is a field of the pod, e.g. `metadata.name`. */
export function fromField(name: string, fieldPath: string) {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}
