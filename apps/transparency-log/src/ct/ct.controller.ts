import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { HttpProblem } from '@sigstead/server';
import type { AddChainResponse, CtLog, SignedTreeHeadJson } from './ct-log.ts';
import { CtLogs } from './ct-logs.ts';

/** RFC 6962 section 4, under the shard's path and, for the active shard, under the bare one. */
@Controller(['ctlog/:shard/ct/v1', 'ct/v1'])
export class CtController {
  readonly #logs: CtLogs;

  constructor(@Inject(CtLogs) logs: CtLogs) {
    this.#logs = logs;
  }

  @Post('add-pre-chain')
  @HttpCode(200)
  addPreChain(
    @Param('shard') shard: string | undefined,
    @Body() body: Uint8Array | undefined,
  ): Promise<AddChainResponse> {
    return this.#log(shard).addPreChain(body ?? new Uint8Array());
  }

  @Get('get-roots')
  getRoots(@Param('shard') shard: string | undefined): { certificates: string[] } {
    return this.#log(shard).getRoots();
  }

  @Get('get-sth')
  getSth(@Param('shard') shard: string | undefined): Promise<SignedTreeHeadJson> {
    return this.#log(shard).getSth();
  }

  #log(shard: string | undefined): CtLog {
    const log = this.#logs.find(shard);
    if (log === undefined) throw new HttpProblem(404, 'there is no such log', { type: 'unknown-log' });
    return log;
  }
}
