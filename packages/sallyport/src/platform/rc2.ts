/**
 * RC2 in CBC mode, decryption only (RFC 2268). Node's OpenSSL has it no more, but certificates in
 * PKCS#12 files written by OpenSSL before 3.0, by Windows and by Java are encrypted with it.
 */

/** RFC 2268 §2: the table PITABLE, digits of pi. */
const PI_TABLE: Uint8Array = Uint8Array.from(
  Buffer.from(
    'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2' +
      '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
      '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
      '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
      '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec' +
      'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
      '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9' +
      '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
    'hex',
  ),
);

const WORDS = 64;
const BLOCK_BYTES = 8;

/** RFC 2268 §2: expands the key to 64 words of 16 bits. */
function expandKey(key: Uint8Array, effectiveBits: number): Uint16Array {
  const bytes = new Uint8Array(128);
  bytes.set(key);
  const at = (index: number): number => bytes[index] ?? 0;
  for (let index = key.length; index < 128; index += 1) {
    bytes[index] = pi(at(index - 1) + at(index - key.length));
  }
  const effectiveBytes = Math.ceil(effectiveBits / 8);
  const mask = 0xff >> (8 * effectiveBytes - effectiveBits);
  bytes[128 - effectiveBytes] = pi(at(128 - effectiveBytes) & mask);
  for (let index = 127 - effectiveBytes; index >= 0; index -= 1) {
    bytes[index] = pi(at(index + 1) ^ at(index + effectiveBytes));
  }
  return Uint16Array.from({ length: WORDS }, (_, word) => at(2 * word) | (at(2 * word + 1) << 8));
}

function pi(index: number): number {
  return PI_TABLE[index & 0xff] ?? 0;
}

/** Right rotations of the four words in a reverse mixing round (RFC 2268 §4). */
const ROTATIONS = [1, 2, 3, 5] as const;

/** RFC 2268 §4: mixing and mashing in reverse. */
function decryptBlock(words: Uint16Array, schedule: Uint16Array): void {
  let key = WORDS - 1;
  const word = (index: number): number => words[index & 3] ?? 0;
  const mix = (): void => {
    for (let index = 3; index >= 0; index -= 1) {
      const shift = ROTATIONS[index] ?? 0;
      const rotated = (word(index) >>> shift) | (word(index) << (16 - shift));
      words[index] =
        rotated -
        (schedule[key] ?? 0) -
        (word(index + 3) & word(index + 2)) -
        (~word(index + 3) & word(index + 1));
      key -= 1;
    }
  };
  const mash = (): void => {
    for (let index = 3; index >= 0; index -= 1) {
      words[index] = word(index) - (schedule[word(index + 3) & 63] ?? 0);
    }
  };
  for (let round = 0; round < 16; round += 1) {
    if (round === 5 || round === 11) mash();
    mix();
  }
}

/** Removes PKCS#7 padding; absent: the padding is wrong, which means a wrong key. */
export function decryptRc2Cbc(
  data: Uint8Array,
  key: Uint8Array,
  options: { readonly iv: Uint8Array; readonly effectiveBits: number },
): Uint8Array | undefined {
  if (data.length === 0 || data.length % BLOCK_BYTES !== 0) return undefined;
  const schedule = expandKey(key, options.effectiveBits);
  const plain = new Uint8Array(data.length);
  let chain = options.iv;
  for (let offset = 0; offset < data.length; offset += BLOCK_BYTES) {
    const block = data.subarray(offset, offset + BLOCK_BYTES);
    const words = Uint16Array.from(
      { length: 4 },
      (_, index) => (block[2 * index] ?? 0) | ((block[2 * index + 1] ?? 0) << 8),
    );
    decryptBlock(words, schedule);
    for (let index = 0; index < BLOCK_BYTES; index += 1) {
      const byte = ((words[index >> 1] ?? 0) >> (8 * (index & 1))) & 0xff;
      plain[offset + index] = byte ^ (chain[index] ?? 0);
    }
    chain = block;
  }
  return withoutPadding(plain);
}

function withoutPadding(plain: Uint8Array): Uint8Array | undefined {
  const length = plain.at(-1) ?? 0;
  if (length < 1 || length > BLOCK_BYTES) return undefined;
  if (!plain.subarray(-length).every((byte) => byte === length)) return undefined;
  return plain.slice(0, -length);
}
