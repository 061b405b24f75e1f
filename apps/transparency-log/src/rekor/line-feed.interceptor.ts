import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from '@sigstead/server';

/** Ends JSON with a line feed, as Rekor does: sigstore-rs cuts the last two bytes off an entry before it parses it. */
export class LineFeedInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    void reply.serializer((answer: unknown) => {
      if (typeof answer === 'string') return answer;
      // Fastify sets it only with its own serializer; without it clients in Java do not read UTF-8.
      if (!reply.hasHeader('content-type')) void reply.header('content-type', 'application/json');
      return `${JSON.stringify(answer)}\n`;
    });
    return next.handle();
  }
}
