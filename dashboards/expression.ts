/** Quotes an identifier: measurement, tag or field, dots and all. */
export function identifier(name: string): string {
  return `"${name.replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;
}

/** Quotes a string literal. */
export function literal(value: string): string {
  return `'${value.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;
}

/** What a SELECT clause holds: a field, an aggregate of it, or arithmetic on both. Immutable. */
export class Expression {
  private constructor(
    private readonly text: string,
    private readonly composite: boolean,
    /** Column name in the result; InfluxQL's own choice when undefined. */
    readonly alias?: string,
  ) {}

  /** A field or a tag by its name. */
  static field(name: string): Expression {
    return new Expression(identifier(name), false);
  }

  /** Each field: an aggregate of it is a column for each number, `mean_f1` of `f1`. */
  static everyField(): Expression {
    return new Expression("*", false);
  }

  /** A number as it is. @throws Error when it is not finite */
  static number(value: number): Expression {
    if (!Number.isFinite(value)) {
      throw new Error(`InfluxQL has no number ${value}: give a finite one`);
    }
    return new Expression(String(value), false);
  }

  /** Aggregate `sum`. */
  sum(): Expression {
    return this.call("sum");
  }
  /** Aggregate `mean`. */
  mean(): Expression {
    return this.call("mean");
  }
  /** Aggregate `max`. */
  max(): Expression {
    return this.call("max");
  }
  /** Aggregate `min`. */
  min(): Expression {
    return this.call("min");
  }
  /** The newest value. */
  last(): Expression {
    return this.call("last");
  }
  /** The oldest value. */
  first(): Expression {
    return this.call("first");
  }
  /** The number of values. */
  count(): Expression {
    return this.call("count");
  }
  /** The different values. */
  distinct(): Expression {
    return this.call("distinct");
  }
  /** Number of different values: `count(distinct(field))`; fields only, InfluxQL can't do it for tags. */
  countDistinct(): Expression {
    return this.distinct().call("count");
  }
  /** The value that n of 100 values do not exceed. @param n 0–100 */
  percentile(n: number): Expression {
    return this.call("percentile", String(n));
  }
  /** Rate of a counter in `unit` (for example "1s"); resets of the counter give no negative values. */
  nonNegativeDerivative(unit: string): Expression {
    return this.call("non_negative_derivative", unit);
  }

  /** Growth of a counter from sample to sample; its resets give no negative values. */
  nonNegativeDifference(): Expression {
    return this.call("non_negative_difference");
  }
  /** Without its sign. */
  absolute(): Expression {
    return this.call("abs");
  }
  /** Its square root. */
  squareRoot(): Expression {
    return this.call("sqrt");
  }
  /** Raised to a power. */
  power(exponent: number): Expression {
    return this.call("pow", String(exponent));
  }

  /** Sum of the two. */
  plus(other: Expression | number): Expression {
    return this.combine("+", other);
  }
  /** Difference of the two. */
  minus(other: Expression | number): Expression {
    return this.combine("-", other);
  }
  /** Product of the two. */
  times(other: Expression | number): Expression {
    return this.combine("*", other);
  }
  /** Quotient of the two. */
  over(other: Expression | number): Expression {
    return this.combine("/", other);
  }

  /** An amount in a window of `$__interval`, by second. */
  perSecond(): Expression {
    return new Expression(`${this.composite ? `(${this.text})` : this.text} * 1000 / $__interval_ms`, true);
  }

  /** Names the column of the result. */
  as(alias: string): Expression {
    return new Expression(this.text, this.composite, alias);
  }

  /** InfluxQL of it, with its name. */
  render(): string {
    return this.alias === undefined ? this.text : `${this.text} AS ${identifier(this.alias)}`;
  }

  private call(name: string, ...more: string[]): Expression {
    return new Expression(`${name}(${[this.text, ...more].join(", ")})`, false);
  }

  private combine(operator: string, other: Expression | number): Expression {
    const right = typeof other === "number" ? Expression.number(other) : other;
    const wrap = (side: Expression): string => (side.composite ? `(${side.text})` : side.text);
    return new Expression(`${wrap(this)} ${operator} ${wrap(right)}`, true);
  }
}

/** Shorthand for {@link Expression.everyField}. */
export const everyField = (): Expression => Expression.everyField();

/** A field or a tag by its name. */
export const field = (name: string): Expression => Expression.field(name);
