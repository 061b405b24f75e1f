// Readers of policies that came as JSON. An entry of its own: they bring a schema library along, for which whoever has a policy already
// does not wait.
export {
  MAX_POLICY_BYTES,
  parseImagePolicyDocument,
  parsePolicyJson,
  POLICY_API_VERSION,
  readImagePolicyDocument,
} from './policy/image/image-policy-document.ts';
export { parsePolicyInput } from './policy/policy-input.ts';
