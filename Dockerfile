# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0
#
#   docker build -t tranship .
#   docker run --rm --user "$(id -u):$(id -g)" -v ~/.config/openstack:/etc/openstack:ro \
#       -v "$PWD":/data tranship run pipelines/cloud-to-cloud.yaml --journal journal.sqlite

FROM swift:6.2-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libcurl4-openssl-dev libssl-dev libsqlite3-dev zlib1g-dev libarchive-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN swift build -c release --product tranship --static-swift-stdlib \
    && install -D --strip "$(swift build -c release --show-bin-path)/tranship" /out/tranship

# The same Debian as above, so that the shared libraries are those it was linked with.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates gpgv qemu-utils libarchive13 libcurl4 libsqlite3-0 libssl3 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 tranship
COPY --from=build /out/tranship /usr/local/bin/tranship
COPY LICENSE /usr/share/doc/tranship/LICENSE
USER tranship
WORKDIR /data
ENTRYPOINT ["tranship"]
