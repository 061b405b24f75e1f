import { equalBytes } from '@sigstead/encoding';
import { type Certificate, isValidAt, verifyCertificateSignature } from '@sigstead/x509';
import { TlogError } from './errors.ts';

/**
 * Checks a chain the way a log does, which trusts nobody: each certificate is signed by the next, every issuer is a CA,
 * and all were valid when the leaf's validity began. The last one stands for the root. One certificate always passes.
 *
 * @param chain leaf first
 * @throws TlogError VERIFIER, or X509Error from a certificate's signature
 */
export function verifyCertificateChain(chain: readonly Certificate[]): void {
  const at = chain[0]?.notBefore;
  if (at === undefined || chain.length === 1) return;
  chain.forEach((certificate, position) => assertValidAt(certificate, at, position));
  for (const [position, issuer] of chain.slice(1).entries()) {
    const certificate = chain[position] as Certificate;
    if (!issuer.isCa) throw refused(`certificate ${position + 1} of the chain is not a CA`);
    if (!equalBytes(certificate.issuer, issuer.subject)) {
      throw refused(
        `certificate ${position} of the chain is not issued by the name of certificate ${position + 1}`,
      );
    }
    verifyCertificateSignature(certificate, issuer);
  }
}

function assertValidAt(certificate: Certificate, at: Date, position: number): void {
  if (!isValidAt(certificate, at)) {
    throw refused(
      `certificate ${position} of the chain is not valid at ${at.toISOString()}, the leaf's start`,
    );
  }
}

function refused(message: string): TlogError {
  return new TlogError('VERIFIER', message);
}
