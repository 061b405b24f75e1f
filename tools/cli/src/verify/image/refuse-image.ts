import { stepOf, type ImageVerdict, type SignatureVerdict } from '@sigstead/verification';
import { CliError, exitCodes } from '../../cli-error.ts';

export interface Refused {
  readonly verdict: ImageVerdict;
  readonly noun: 'signature' | 'attestation';
  /** Where trust comes from. */
  readonly origin: string;
}

/** The error a refused image ends with: what is missing, or why what came closest is not enough. */
export function refuseImage({ verdict, noun, origin }: Refused): CliError {
  const { image, signatures, steps } = verdict;
  if (signatures.length === 0) {
    return new CliError(`${image}: no ${noun}s found`, exitCodes.imageWithoutSignature);
  }
  const reason = stepOf(steps, 'result')?.reason ?? 'nothing passes';
  const code = signatures.every(lacksCertificate) ? exitCodes.noCertificate : exitCodes.noMatchingSignature;
  return new CliError(`${image}: ${reason} (judged by ${origin})`, code);
}

/** Made with a key, where a certificate is expected. */
function lacksCertificate({ steps }: SignatureVerdict): boolean {
  return stepOf(steps, 'certificate-chain')?.code === 'KEY_MISSING';
}
