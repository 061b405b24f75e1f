import { concatBytes, decodeUtf8, DerReader, tags } from '@sigstead/encoding';

/** Parts of a TimeStampResp that tests look at; every element in between must be the one the profile writes. */
export interface ReadResponse {
  readonly policy: string;
  readonly hashedMessage: Uint8Array;
  /** Content octets. */
  readonly serialNumber: Uint8Array;
  readonly genTime: string;
  readonly nonce: bigint | undefined;
  readonly certificates: readonly Uint8Array[];
  /** DER Name. */
  readonly signerIssuer: Uint8Array;
  readonly signerSerialNumber: Uint8Array;
  /** With the universal SET tag, as it is signed. */
  readonly signedAttrs: Uint8Array;
  readonly signingTimeTag: number;
  readonly signature: Uint8Array;
}

export function readResponse(der: Uint8Array): ReadResponse {
  const response = new DerReader(der).sequence();
  granted(response.sequence());
  const contentInfo = response.sequence();
  response.end();
  contentInfo.oid();
  const signedData = (contentInfo.explicit(0) as DerReader).sequence();
  signedData.integer();
  signedData.set();
  const content = signedData.sequence();
  content.oid();
  const tstInfo = new DerReader((content.explicit(0) as DerReader).octetString());
  const certificates = elements(signedData.constructed(tags.contextConstructed));
  const signerInfo = signedData.set().sequence();
  signedData.end();
  signerInfo.integer();
  const sid = signerInfo.sequence();
  const signerIssuer = sid.element().raw;
  const signerSerialNumber = sid.integerBytes();
  signerInfo.sequence();
  const attributes = signerInfo.element().raw;
  signerInfo.sequence();
  const signature = signerInfo.octetString();
  signerInfo.end();
  return {
    ...readTstInfo(tstInfo.sequence()),
    certificates,
    signerIssuer,
    signerSerialNumber,
    signedAttrs: concatBytes(Uint8Array.of(tags.set), attributes.subarray(1)),
    signingTimeTag: signingTimeTag(new DerReader(attributes)),
    signature,
  };
}

function granted(status: DerReader): void {
  if (status.integer() !== 0n) throw new Error('not granted');
  status.end();
}

function readTstInfo(
  fields: DerReader,
): Pick<ReadResponse, 'policy' | 'hashedMessage' | 'serialNumber' | 'genTime' | 'nonce'> {
  fields.integer();
  const policy = fields.oid();
  const imprint = fields.sequence();
  imprint.sequence();
  const hashedMessage = imprint.octetString();
  const serialNumber = fields.integerBytes();
  const genTime = decodeUtf8(fields.read(tags.generalizedTime));
  fields.sequence();
  const nonce = fields.tag === tags.integer ? fields.integer() : undefined;
  fields.constructed(tags.contextConstructed);
  fields.end();
  return { policy, hashedMessage, serialNumber, genTime, nonce };
}

function signingTimeTag(reader: DerReader): number {
  const attributes = reader.constructed(tags.contextConstructed);
  attributes.sequence();
  const signingTime = attributes.sequence();
  signingTime.oid();
  return signingTime.set().tag;
}

function elements(reader: DerReader): Uint8Array[] {
  const list: Uint8Array[] = [];
  while (!reader.done) list.push(reader.element().raw);
  return list;
}
