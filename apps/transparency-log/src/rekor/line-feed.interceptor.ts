import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from '@sigstead/server';

/** Ends JSON with a line feed, as Rekor does: sigstore-rs cuts the last two bytes off an entry before it parses it. */
export class LineFeedInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    void reply.serializer((answer: unknown) =>
      typeof answer === 'string' ? answer : `${JSON.stringify(answer)}\n`,
    );
    return next.handle();
  }
}
