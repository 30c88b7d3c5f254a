#!/bin/sh
# Makes and updates Temporal's two databases; run again, it changes only what a newer version needs.
# https://docs.temporal.io/self-hosted-guide/upgrade-server
set -eu

SQL_PASSWORD=$(cat "${POSTGRES_PASSWORD_FILE:-/run/secrets/postgres_password}")
export SQL_PASSWORD
versions=${SCHEMA_DIR:-/etc/temporal/schema}/postgresql/v12

set_up() {
    temporal-sql-tool --database "$1" create-database
    temporal-sql-tool --database "$1" setup-schema --version 0.0
    temporal-sql-tool --database "$1" update-schema --schema-dir "$versions/$2/versioned"
}

set_up temporal temporal
set_up temporal_visibility visibility
