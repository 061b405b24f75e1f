import { Body, Controller, Get, Headers, HttpCode, Inject, Post } from '@nestjs/common';
import { IssuerSource } from '@sigstead/issuer-access';
import { describeIssuers } from './describe-issuers.ts';
import { IssuanceDesk } from './issuance-desk.ts';
import { IssuingAuthority } from './issuing-authority.ts';
import { parseSigningRequest } from './signing-request.ts';

interface CertificateChain {
  readonly certificates: readonly string[];
}

/** Fulcio's HTTP API v2 (fulcio.proto). */
@Controller('api/v2')
export class FulcioV2Controller {
  constructor(
    @Inject(IssuanceDesk) private readonly desk: IssuanceDesk,
    @Inject(IssuingAuthority) private readonly authority: IssuingAuthority,
    @Inject(IssuerSource) private readonly issuers: IssuerSource,
  ) {}

  @Post('signingCert')
  @HttpCode(200)
  async createSigningCertificate(
    @Body() body: Uint8Array | undefined,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<{ signedCertificateEmbeddedSct: { chain: CertificateChain } }> {
    const { chain } = await this.desk.issue(parseSigningRequest(body, authorization));
    // Trimmed here and not in the trust bundle: that is how Fulcio writes them.
    return {
      signedCertificateEmbeddedSct: {
        chain: { certificates: chain.map((certificate) => certificate.toPem().trim()) },
      },
    };
  }

  @Get('trustBundle')
  trustBundle(): { chains: readonly CertificateChain[] } {
    return { chains: [{ certificates: this.authority.chain.map((certificate) => certificate.toPem()) }] };
  }

  @Get('configuration')
  configuration(): { issuers: readonly object[] } {
    return { issuers: describeIssuers(this.issuers.current()) };
  }
}
