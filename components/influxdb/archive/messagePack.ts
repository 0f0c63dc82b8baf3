/**
 * A value of InfluxDB's answers: an integer is a `bigint`, a float a `number`. A text is a `string` of its bytes, one
 * character for each (latin1): what InfluxDB holds is passed on as it is, also where it is no valid UTF-8.
 */
export type Value = null | boolean | number | bigint | string | Value[] | { [key: string]: Value };

/** More bytes are needed; the value is read again from its beginning when they are there. */
const incomplete = new Error("incomplete");

/**
 * Reads MessagePack values from bytes that come in pieces.
 *
 * Own code, because no library keeps what the archive needs: `@msgpack/msgpack` and `msgpackr` decode the integer 1 and
 * the float 1.0 to the same `number`, and replace bytes of names that are no UTF-8. It knows what InfluxDB sends
 * (https://github.com/msgpack/msgpack/blob/master/spec.md, without binary and extension types), and refuses the rest.
 */
export class MessagePackReader {
  private bytes: Buffer = Buffer.alloc(0);
  private position = 0;

  /**
   * Add bytes, and take the values that are complete now.
   *
   * @throws Error on a type that InfluxDB does not send
   */
  push(piece: Uint8Array): Value[] {
    this.bytes = this.bytes.length === 0 ? Buffer.from(piece) : Buffer.concat([this.bytes, piece]);
    const values: Value[] = [];
    let read = 0;
    while (read < this.bytes.length) {
      this.position = read;
      try {
        values.push(this.value());
      } catch (error) {
        if (error !== incomplete) throw error;
        break;
      }
      read = this.position;
    }
    this.bytes = this.bytes.subarray(read);
    return values;
  }

  /** Bytes of a value that has begun and is not complete. */
  get waiting(): number {
    return this.bytes.length;
  }

  private value(): Value {
    const type = this.bytes[this.take(1)] as number;
    if (type <= 0x7f) return BigInt(type);
    if (type <= 0x8f) return this.map(type & 0x0f);
    if (type <= 0x9f) return this.array(type & 0x0f);
    if (type <= 0xbf) return this.text(type & 0x1f);
    if (type >= 0xe0) return BigInt(type - 0x100);
    if (type === 0xc0) return null;
    if (type === 0xc2 || type === 0xc3) return type === 0xc3;
    if (type === 0xca) return this.bytes.readFloatBE(this.take(4));
    if (type === 0xcb) return this.bytes.readDoubleBE(this.take(8));
    if (type === 0xcf) return this.bytes.readBigUInt64BE(this.take(8));
    if (type === 0xd3) return this.bytes.readBigInt64BE(this.take(8));
    // Of the other types, several that follow each other differ in the bytes of a number or a length: 1, 2, 4.
    if (type >= 0xcc && type <= 0xce) return BigInt(this.unsigned(1 << (type - 0xcc)));
    if (type >= 0xd0 && type <= 0xd2) return BigInt(this.signed(1 << (type - 0xd0)));
    if (type >= 0xd9 && type <= 0xdb) return this.text(this.unsigned(1 << (type - 0xd9)));
    if (type >= 0xdc && type <= 0xdd) return this.array(this.unsigned(2 << (type - 0xdc)));
    if (type >= 0xde) return this.map(this.unsigned(2 << (type - 0xde)));
    throw new Error(`InfluxDB's answer holds the MessagePack type 0x${type.toString(16)}, which is not read`);
  }

  /** Where the next bytes begin; they are all there. */
  private take(length: number): number {
    const start = this.position;
    if (start + length > this.bytes.length) throw incomplete;
    this.position = start + length;
    return start;
  }

  private unsigned(length: number): number {
    return this.bytes.readUIntBE(this.take(length), length);
  }

  private signed(length: number): number {
    return this.bytes.readIntBE(this.take(length), length);
  }

  private text(length: number): string {
    const start = this.take(length);
    return this.bytes.toString("latin1", start, start + length);
  }

  private array(length: number): Value[] {
    const values: Value[] = [];
    for (let index = 0; index < length; index++) values.push(this.value());
    return values;
  }

  private map(length: number): { [key: string]: Value } {
    const values = Object.create(null) as { [key: string]: Value };
    for (let index = 0; index < length; index++) {
      const key = this.value();
      if (typeof key !== "string") throw new Error("InfluxDB's answer holds a map whose key is no text");
      values[key] = this.value();
    }
    return values;
  }
}

/** The text that bytes mean (see {@link Value}): names are shown and asked for as text. */
export function decodeText(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}
