/**
 * A value of InfluxDB's answers. MessagePack tells integers from floats where JSON does not, so they stay apart here:
 * an integer is a `bigint`, a float a `number`. A text is a `string` of its bytes, one character for each (latin1): what
 * InfluxDB holds is passed on as it is, also where it is no valid UTF-8.
 */
export type Value = null | boolean | number | bigint | string | Value[] | { [key: string]: Value };

/** More bytes are needed; the value is read again from its beginning when they are there. */
class Incomplete extends Error {}

const incomplete = new Incomplete();

/**
 * Reads MessagePack values from bytes that come in pieces.
 *
 * Own code, because libraries decode integers and floats to the same `number`. It knows what InfluxDB sends
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
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return this.bytes.readFloatBE(this.take(4));
      case 0xcb:
        return this.bytes.readDoubleBE(this.take(8));
      case 0xcc:
        return BigInt(this.bytes.readUInt8(this.take(1)));
      case 0xcd:
        return BigInt(this.bytes.readUInt16BE(this.take(2)));
      case 0xce:
        return BigInt(this.bytes.readUInt32BE(this.take(4)));
      case 0xcf:
        return this.bytes.readBigUInt64BE(this.take(8));
      case 0xd0:
        return BigInt(this.bytes.readInt8(this.take(1)));
      case 0xd1:
        return BigInt(this.bytes.readInt16BE(this.take(2)));
      case 0xd2:
        return BigInt(this.bytes.readInt32BE(this.take(4)));
      case 0xd3:
        return this.bytes.readBigInt64BE(this.take(8));
      case 0xd9:
        return this.text(this.bytes.readUInt8(this.take(1)));
      case 0xda:
        return this.text(this.bytes.readUInt16BE(this.take(2)));
      case 0xdb:
        return this.text(this.bytes.readUInt32BE(this.take(4)));
      case 0xdc:
        return this.array(this.bytes.readUInt16BE(this.take(2)));
      case 0xdd:
        return this.array(this.bytes.readUInt32BE(this.take(4)));
      case 0xde:
        return this.map(this.bytes.readUInt16BE(this.take(2)));
      case 0xdf:
        return this.map(this.bytes.readUInt32BE(this.take(4)));
      default:
        throw new Error(
          `InfluxDB's answer holds the MessagePack type 0x${type.toString(16)}, which is not read`,
        );
    }
  }

  /** Where the next bytes begin; they are all there. */
  private take(length: number): number {
    const start = this.position;
    if (start + length > this.bytes.length) throw incomplete;
    this.position = start + length;
    return start;
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
