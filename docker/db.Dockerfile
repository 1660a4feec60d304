# PostgreSQL + pg_cron from Debian's own archive: no third-party repository, one apt line. DEBIAN=trixie-slim PG=17 too.
ARG DEBIAN=bookworm-slim
FROM debian:${DEBIAN}
ARG PG=15
ENV PG=${PG} PGDATA=/data LANG=C.UTF-8 PATH=/usr/lib/postgresql/${PG}/bin:$PATH
# Say so before apt-get, or the package makes a cluster of its own on 5432.
RUN mkdir -p /etc/postgresql-common/createcluster.d \
 && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.d/no-main.conf \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql-${PG} postgresql-${PG}-cron \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o postgres -g postgres -m 700 /data
COPY docker/db-start.sh /usr/local/bin/db-start
RUN chmod 755 /usr/local/bin/db-start
USER postgres
VOLUME /data
EXPOSE 5432
# Fast shutdown; the default, SIGTERM, waits for every client to leave.
STOPSIGNAL SIGINT
# Over TCP: the socket answers during the first start too, before the database is ready.
HEALTHCHECK --interval=2s --timeout=3s --start-period=20s --retries=30 CMD pg_isready -q -h 127.0.0.1 -U postgres -d tidemark
CMD ["db-start"]
