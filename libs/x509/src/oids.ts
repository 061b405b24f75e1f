/** Object identifiers of RFC 5280, RFC 6962 and the Fulcio certificate specification. */
export const oids = {
  organization: '2.5.4.10',
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  anyExtendedKeyUsage: '2.5.29.37.0',
  /** X.509 (10/2019) section 9.5.2.8 */
  expiredCertsOnCrl: '2.5.29.60',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  sctList: '1.3.6.1.4.1.11129.2.4.2',
  precertificatePoison: '1.3.6.1.4.1.11129.2.4.3',
  /** Extended key usage of a certificate made only to sign precertificates (RFC 6962 section 3.1). */
  precertificateSigning: '1.3.6.1.4.1.11129.2.4.4',
  /** Parent of the Fulcio extensions .1 to .24. */
  fulcio: '1.3.6.1.4.1.57264.1',
  /** type-id of an otherName, never an extension. */
  fulcioUsername: '1.3.6.1.4.1.57264.1.7',
} as const;
