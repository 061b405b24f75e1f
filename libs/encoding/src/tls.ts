import { concatBytes } from './bytes.ts';
import { EncodingError } from './errors.ts';

/** Cursor over the TLS presentation language (RFC 8446 section 3): big-endian numbers, length-prefixed vectors. */
export class TlsReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  u8(): number {
    return this.#number(1);
  }

  u16(): number {
    return this.#number(2);
  }

  u24(): number {
    return this.#number(3);
  }

  u64(): bigint {
    let value = 0n;
    for (const byte of this.bytes(8)) value = (value << 8n) | BigInt(byte);
    return value;
  }

  /** The next `length` bytes, as a view. */
  bytes(length: number): Uint8Array {
    const left = this.#bytes.length - this.#at;
    if (length > left) throw new EncodingError('TLS', `${length} bytes wanted, only ${left} left`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  vector8(): Uint8Array {
    return this.bytes(this.u8());
  }

  vector16(): Uint8Array {
    return this.bytes(this.u16());
  }

  vector24(): Uint8Array {
    return this.bytes(this.u24());
  }

  end(): void {
    if (!this.done) throw new EncodingError('TLS', `${this.#bytes.length - this.#at} bytes of trailing data`);
  }

  #number(width: number): number {
    let value = 0;
    for (const byte of this.bytes(width)) value = value * 256 + byte;
    return value;
  }
}

export function tlsU8(value: number): Uint8Array {
  return number(BigInt(value), 1);
}

export function tlsU16(value: number): Uint8Array {
  return number(BigInt(value), 2);
}

export function tlsU24(value: number): Uint8Array {
  return number(BigInt(value), 3);
}

export function tlsU64(value: bigint): Uint8Array {
  return number(value, 8);
}

export function tlsVector8(bytes: Uint8Array): Uint8Array {
  return concatBytes(tlsU8(bytes.length), bytes);
}

export function tlsVector16(bytes: Uint8Array): Uint8Array {
  return concatBytes(tlsU16(bytes.length), bytes);
}

export function tlsVector24(bytes: Uint8Array): Uint8Array {
  return concatBytes(tlsU24(bytes.length), bytes);
}

function number(value: bigint, width: number): Uint8Array {
  if (value < 0n || value >> BigInt(8 * width) !== 0n) {
    throw new EncodingError('TLS', `${value} does not fit in ${width} bytes`);
  }
  const bytes = new Uint8Array(width);
  for (let at = width - 1, left = value; at >= 0; at--, left >>= 8n) bytes[at] = Number(left & 0xffn);
  return bytes;
}
