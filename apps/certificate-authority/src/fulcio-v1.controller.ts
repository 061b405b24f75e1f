import { Body, Controller, Get, Header, Headers, HttpCode, Inject, Post } from '@nestjs/common';
import { IssuanceDesk } from './issuance-desk.ts';
import { IssuingAuthority } from './issuing-authority.ts';
import { parseLegacySigningRequest } from './signing-request.ts';

const PEM_CHAIN = 'application/pem-certificate-chain';

/** Fulcio's first HTTP API: deprecated upstream, still used by cosign's own tests and set-up scripts. */
@Controller('api/v1')
export class FulcioV1Controller {
  constructor(
    @Inject(IssuanceDesk) private readonly desk: IssuanceDesk,
    @Inject(IssuingAuthority) private readonly authority: IssuingAuthority,
  ) {}

  @Post('signingCert')
  @HttpCode(201)
  @Header('content-type', PEM_CHAIN)
  async createSigningCertificate(
    @Body() body: Uint8Array | undefined,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<string> {
    const { chain } = await this.desk.issue(parseLegacySigningRequest(body, authorization));
    return chain
      .map((certificate) => certificate.toPem())
      .join('')
      .trim();
  }

  @Get('rootCert')
  @Header('content-type', PEM_CHAIN)
  rootCertificates(): string {
    return this.authority.chain.map((certificate) => certificate.toPem()).join('');
  }
}
