#!/bin/sh
# Starts the server of the image, with the database password from its file.
set -eu

POSTGRES_PWD=$(cat "${POSTGRES_PASSWORD_FILE:-/run/secrets/postgres_password}")
export POSTGRES_PWD
# The server's configuration is a template that puts the password between double quotes.
case $POSTGRES_PWD in
'' | *[!0-9A-Za-z_-]*)
    echo "postgres_password must be letters, digits, '_' and '-'; deploy/make-secrets.sh makes one." >&2
    exit 2
    ;;
esac
exec "${TEMPORAL_ENTRYPOINT:-/etc/temporal/entrypoint.sh}"
