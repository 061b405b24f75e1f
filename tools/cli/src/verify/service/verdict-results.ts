import { isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { IMAGE_SIGNATURE_TYPE, type SignerIdentity } from '@sigstead/verification';
import {
  cosignDocument,
  identityFields,
  olderFormFirst,
  SIMPLE_SIGNING_TYPE,
} from '../report/cosign-result.ts';

/**
 * The signatures a verifier service found good, as cosign tells them. The service gives no proofs away, so that there is no `Bundle`.
 *
 * @param verdict of the service, which said that the image is verified
 */
export function resultsOfVerdict(verdict: JsonObject, image: string): JsonObject[] {
  const results = objectsIn(verdict['signatures'])
    .filter(({ verified }) => verified === true)
    .map(({ steps }) => {
      const signature = evidenceOf(steps, 'signature');
      const isSimple = signature['signed'] === 'simple-signing-payload';
      return cosignDocument(
        isSimple ? (signature['dockerReference'] ?? '') : image,
        verdict['digest'] ?? '',
        isSimple ? SIMPLE_SIGNING_TYPE : (signature['predicateType'] ?? IMAGE_SIGNATURE_TYPE),
        isSimple ? signerFields(evidenceOf(steps, 'identity-extraction')) : {},
      );
    });
  return olderFormFirst(results);
}

function signerFields(identity: JsonObject): JsonObject {
  if (!isJsonObject(identity['claims'])) return {};
  return identityFields(identity as unknown as SignerIdentity);
}

function evidenceOf(steps: JsonValue | undefined, name: string): JsonObject {
  const step = objectsIn(steps).find((one) => one['name'] === name);
  return isJsonObject(step?.['evidence']) ? step['evidence'] : {};
}

function objectsIn(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
