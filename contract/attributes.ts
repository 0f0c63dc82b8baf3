/** Type of an attribute. Numbers are floats always: InfluxDB refuses points of a field whose type varies. */
export type AttributeType = "string" | "float";

/** One key of an event. */
export interface Attribute {
  type: AttributeType;
  description: string;
  /** Unit as in UCUM, e.g. `s`, `By`, `1` for a ratio. */
  unit?: string;
  /** @default false */
  required?: boolean;
  /** The only values allowed. */
  values?: readonly string[];
  /** Least number allowed, and `maximum` the greatest: both or none. */
  minimum?: number;
  maximum?: number;
  /** Short name of the InfluxDB tag that it becomes. Without it, it is a field of its own name. */
  tag?: string;
}

/** One kind of event; its name is also its measurement in InfluxDB. */
export interface EventDefinition {
  description: string;
  attributes: Readonly<Record<string, Attribute>>;
  /**
   * Attributes whose names applications choose. Numbers become fields of their own name; texts the fields `text.NAME`, so
   * that a field never changes its type.
   */
  own?: OwnAttributes;
}

/** Attributes of an event whose names applications choose. */
export interface OwnAttributes {
  /** How they are written in the docs, e.g. `feature.NAME`. */
  name: string;
  /** Regular expression of their names. */
  pattern: string;
  description: string;
}

/** A text. */
export const text = (description: string): Attribute => ({ type: "string", description });
/** A number; `unit` as in UCUM. */
export const number = (description: string, unit?: string): Attribute => ({
  type: "float",
  description,
  unit,
});
/** A number of seconds. What is negative, as after a step of the clock, would distort means and percentiles. */
export const duration = (description: string): Attribute => ({
  ...number(description, "s"),
  minimum: 0,
  maximum: 1e9,
});
/** The attribute, which each event of its kind has. */
export const required = (attribute: Attribute): Attribute => ({ ...attribute, required: true });
/** The attribute, which is a tag of that name in InfluxDB. */
export const tag = (name: string, attribute: Attribute): Attribute => ({ ...attribute, tag: name });
