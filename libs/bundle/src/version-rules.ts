import { type Bundle, type BundleVersion, type TransparencyLogEntry } from './bundle.ts';
import { BundleError } from './errors.ts';

/**
 * What each version requires beyond the common shape: a promise in 0.1, a proof with its checkpoint from 0.2, a single
 * certificate from 0.3 (sigstore_bundle.proto).
 *
 * @throws BundleError VERSION
 */
export function assertVersionRules({ version, verificationMaterial }: Bundle): void {
  verificationMaterial.tlogEntries.forEach((entry, index) =>
    assertEntry(entry, version, `verificationMaterial.tlogEntries[${index}]`),
  );
  const { key } = verificationMaterial;
  if (version === '0.3' && key.kind === 'certificate' && key.certificates.length !== 1) {
    throw new BundleError(
      'VERSION',
      'verificationMaterial.certificate',
      `${key.certificates.length} certificates, version 0.3 has exactly one`,
    );
  }
}

function assertEntry(entry: TransparencyLogEntry, version: BundleVersion, path: string): void {
  if (version === '0.1' && entry.inclusionPromise === undefined) {
    throw new BundleError('VERSION', `${path}.inclusionPromise`, 'is required in version 0.1');
  }
  if (version !== '0.1' && entry.inclusionProof === undefined) {
    throw new BundleError('VERSION', `${path}.inclusionProof`, `is required in version ${version}`);
  }
}
