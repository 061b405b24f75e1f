export type { CertificateAuthorityConfig } from './config.ts';
export {
  createCertificateAuthority,
  type CertificateAuthorityDependencies,
} from './create-certificate-authority.ts';
