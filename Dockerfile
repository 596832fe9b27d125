# The server on a small Debian: `docker build -t accolade . && docker run -p 8080:8080 -v accolade:/var/lib/accolade accolade`
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin accolade

FROM debian:bookworm-slim
# Receivers of webhooks are verified against the system's certificates.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/accolade --create-home accolade
COPY --from=build /src/target/release/accolade /usr/local/bin/accolade
USER accolade
ENV ACCOLADE_DATA=/var/lib/accolade/data ACCOLADE_LISTEN=0.0.0.0:8080 ACCOLADE_LOG=json
VOLUME /var/lib/accolade
EXPOSE 8080
ENTRYPOINT ["accolade"]
CMD ["serve"]
