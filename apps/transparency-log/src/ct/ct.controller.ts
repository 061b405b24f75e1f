import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from '@sigstead/server';
import { withDeadline } from '../rekor/deadline.ts';
import type { AddChainResponse, CtLog } from './ct-log.ts';
import { CtLogs } from './ct-logs.ts';
import { hashParameter, numberParameter, type CtQuery } from './ct-query.ts';
import type { ConsistencyJson, EntryAndProofJson, LeafJson, ProofByHashJson } from './ct-reader.ts';
import type { SignedTreeHeadJson } from './tree-heads.ts';

/** RFC 6962 section 4, under the shard's path and, for the active shard, under the bare one. */
@Controller(['ctlog/:shard/ct/v1', 'ct/v1'])
export class CtController {
  readonly #logs: CtLogs;

  constructor(@Inject(CtLogs) logs: CtLogs) {
    this.#logs = logs;
  }

  @Post('add-chain')
  @HttpCode(200)
  addChain(
    @Param('shard') shard: string | undefined,
    @Body() body: Uint8Array | undefined,
  ): Promise<AddChainResponse> {
    return withDeadline(this.#log(shard).add('x509', body ?? new Uint8Array()));
  }

  @Post('add-pre-chain')
  @HttpCode(200)
  addPreChain(
    @Param('shard') shard: string | undefined,
    @Body() body: Uint8Array | undefined,
  ): Promise<AddChainResponse> {
    return withDeadline(this.#log(shard).add('precertificate', body ?? new Uint8Array()));
  }

  @Get('get-roots')
  getRoots(
    @Param('shard') shard: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): { certificates: string[] } {
    notKept(reply);
    return this.#log(shard).getRoots();
  }

  @Get('get-sth')
  getSth(
    @Param('shard') shard: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedTreeHeadJson> {
    notKept(reply);
    return withDeadline(this.#log(shard).heads.signedTreeHead());
  }

  @Get('get-sth-consistency')
  async getSthConsistency(
    @Param('shard') shard: string | undefined,
    @Query() query: CtQuery,
  ): Promise<ConsistencyJson> {
    const { reader } = this.#log(shard);
    const [first, second] = [numberParameter(query, 'first'), numberParameter(query, 'second')];
    return withDeadline(reader.consistency(first, second));
  }

  @Get('get-proof-by-hash')
  async getProofByHash(
    @Param('shard') shard: string | undefined,
    @Query() query: CtQuery,
  ): Promise<ProofByHashJson> {
    const { reader } = this.#log(shard);
    const [hash, treeSize] = [hashParameter(query, 'hash'), numberParameter(query, 'tree_size')];
    return withDeadline(reader.proofByHash(hash, treeSize));
  }

  @Get('get-entries')
  async getEntries(
    @Param('shard') shard: string | undefined,
    @Query() query: CtQuery,
  ): Promise<{ readonly entries: readonly LeafJson[] }> {
    const { reader } = this.#log(shard);
    const [start, end] = [numberParameter(query, 'start'), numberParameter(query, 'end')];
    return withDeadline(reader.entries(start, end));
  }

  @Get('get-entry-and-proof')
  async getEntryAndProof(
    @Param('shard') shard: string | undefined,
    @Query() query: CtQuery,
  ): Promise<EntryAndProofJson> {
    const { reader } = this.#log(shard);
    const [index, treeSize] = [numberParameter(query, 'leaf_index'), numberParameter(query, 'tree_size')];
    return withDeadline(reader.entryAndProof(index, treeSize));
  }

  #log(shard: string | undefined): CtLog {
    return this.#logs.of(shard);
  }
}

function notKept(reply: FastifyReply): void {
  void reply.header('cache-control', 'no-cache');
}
