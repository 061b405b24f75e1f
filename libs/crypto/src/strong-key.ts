import { bitLength, integerSquareRoot } from './integers.ts';
import { KeyError } from './key-error.ts';
import type { PublicKey } from './public-key.ts';

const ISSUED_RSA_BITS: readonly number[] = [2048, 3072, 4096];
const ISSUED_RSA_EXPONENT = 65537n;
const SMALL_PRIMES = primesBelow(752);
/** Primes whose product every modulus of the vulnerable generator is built on, for all its key sizes. */
const ROCA_PRIMES = SMALL_PRIMES.filter((prime) => prime > 2 && prime <= 167);
const ROCA_RESIDUES = new Map(ROCA_PRIMES.map((prime) => [prime, powersOf65537(prime)]));
const FERMAT_ROUNDS = 100;

/**
 * The stricter gate for keys we put into certificates: what the CA/Browser Forum Baseline Requirements ask of
 * subscriber keys (section 6.1.1.3) and Let's Encrypt checks. EC and Ed25519 keys have nothing more to prove
 * than the key gate asked.
 *
 * @throws KeyError KEY_UNSUPPORTED for another RSA size or exponent, KEY_WEAK for an RSA modulus that can be factored
 */
export function assertStrongKey(key: PublicKey): void {
  if (key.parameters.type !== 'RSA') return;
  const { n, e } = key.parameters;
  assertIssuedSize(n);
  assertIssuedExponent(e);
  assertNoSmallFactor(n);
  assertNotRoca(n);
  assertFactorsApart(n);
}

/** Sizes every Sigstore client has a keyDetails name for. */
function assertIssuedSize(n: bigint): void {
  const bits = bitLength(n);
  if (!ISSUED_RSA_BITS.includes(bits)) {
    throw new KeyError('KEY_UNSUPPORTED', `RSA modulus of ${bits} bits, want ${ISSUED_RSA_BITS.join(', ')}`);
  }
}

function assertIssuedExponent(e: bigint): void {
  if (e !== ISSUED_RSA_EXPONENT) {
    throw new KeyError('KEY_UNSUPPORTED', `RSA exponent ${e}, want ${ISSUED_RSA_EXPONENT}`);
  }
}

function assertNoSmallFactor(n: bigint): void {
  const factor = SMALL_PRIMES.find((prime) => n % BigInt(prime) === 0n);
  if (factor !== undefined) throw new KeyError('KEY_WEAK', `RSA modulus is divisible by ${factor}`);
}

/**
 * CVE-2017-15361: the generator made primes of the form k * M + (65537^a mod M), M a product of small primes, so
 * its moduli are powers of 65537 modulo each of them. An honest modulus passes for one with a probability below
 * 2^-27.
 */
function assertNotRoca(n: bigint): void {
  const vulnerable = ROCA_PRIMES.every((prime) => ROCA_RESIDUES.get(prime)?.has(Number(n % BigInt(prime))));
  if (vulnerable) throw new KeyError('KEY_WEAK', 'RSA modulus has the ROCA fingerprint (CVE-2017-15361)');
}

/** Fermat's method: n = a^2 - b^2 is found at once when the two factors are close (CVE-2022-26320). */
function assertFactorsApart(n: bigint): void {
  let a = integerSquareRoot(n);
  if (a * a < n) a += 1n;
  for (let round = 0; round < FERMAT_ROUNDS; round++, a += 1n) {
    if (isSquare(a * a - n))
      throw new KeyError('KEY_WEAK', 'RSA modulus has two factors close to each other');
  }
}

function isSquare(n: bigint): boolean {
  // Squares take 12 of the 64 residues modulo 64: most candidates need no root.
  if (!SQUARES_MODULO_64.has(Number(n & 63n))) return false;
  const root = integerSquareRoot(n);
  return root * root === n;
}

const SQUARES_MODULO_64 = new Set(Array.from({ length: 64 }, (_, i) => (i * i) % 64));

function primesBelow(limit: number): number[] {
  const primes: number[] = [];
  for (let n = 2; n < limit; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes;
}

function powersOf65537(prime: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * 65537) % prime) powers.add(power);
  return powers;
}
